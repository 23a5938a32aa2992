import { attachment, chat, days, me, message, minutes, picture, type SeedLanguage } from './build.ts';
import type { SeedChat } from './chats.ts';
import { beach, cat, food, hills, night, street } from './pictures.ts';

const lestari = { jid: 'lestari@nyala.id', name: 'Lestari Wulandari' };
export const peaks = [8, 12, 30, 55, 72, 40, 22, 64, 90, 100, 84, 60, 34, 18, 26, 48, 70, 88, 62, 40, 24, 14, 30, 52, 76, 92, 66, 44, 28, 16, 36, 58, 42, 26, 14, 6];

/** Files in every state they can be in. */
export function withMedia(lang: SeedLanguage): SeedChat {
  const say = (id: string, en: string): string => (lang === 'id' ? id : en);
  const { jid } = lestari;
  let ago = 8 * days;
  const next = (): number => (ago -= 4 * minutes);
  const soon = (): number => (ago -= 2000);
  const caption = say('Pagi di Bukit Sikunir, dingin sekali ☀️', 'Morning on Sikunir hill, so cold ☀️');
  const photos = say('Makan siang, jalan-jalan sore, dan penjaga rumah.', 'Lunch, an evening walk, and who guards the house.');
  return {
    chat: chat(jid, lestari.name),
    messages: [
      message(jid, lestari, next(), '', { attachments: [picture(hills, 640, 480, { desc: caption })] }),
      message(jid, lestari, soon(), caption),
      message(jid, lestari, next(), '', { attachments: [attachment('voice', 'voice-1.ogg', { seconds: 23, type: 'audio/ogg', peaks })] }),
      message(jid, me, next(), '', { attachments: [picture(food, 480, 480)] }),
      message(jid, me, soon(), '', { attachments: [picture(street, 480, 640)] }),
      message(jid, me, soon(), '', { attachments: [picture(cat, 480, 480, { desc: photos })] }),
      message(jid, me, soon(), photos),
      message(jid, lestari, next(), '', { attachments: [attachment('video', 'air-terjun.mp4', { type: 'video/mp4', size: 18_400_000, seconds: 47, width: 640, height: 480, thumbnail: beach, state: 'remote' })] }),
      message(jid, lestari, next(), '', { attachments: [attachment('file', say('rahasia.pdf', 'secret.pdf'), { size: 0, state: 'sealed' })] }),
      message(jid, lestari, next(), '', { attachments: [attachment('audio', say('Gending Ketawang Puspawarna.mp3', 'Gamelan Ketawang Puspawarna.mp3'), { type: 'audio/mpeg', size: 5_200_000, seconds: 312, peaks })] }),
      message(jid, me, next(), '', { state: 'failed', error: 'error.too-large', attachments: [attachment('file', say('rekaman-rapat.zip', 'meeting-recording.zip'), { size: 240_000_000, state: 'failed' })] }),
      message(jid, me, next(), '', { state: 'sending', attachments: [picture(night, 480, 640, { state: 'uploading', progress: 0.62 })] }),
      message(jid, me, soon(), '', { state: 'sending', attachments: [picture(beach, 640, 480, { state: 'uploading' })] }),
    ],
  };
}
