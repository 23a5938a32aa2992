import { duration } from '../../i18n/dates';
import type { Words } from '../../i18n/id';
import type { Attachment, Message } from '../../model/types';
import type { IconName } from '../../ui/icons';
import { plainText } from '../conversation/formatting';

/** One line that stands for a message in the list, in quotes and in notices. */
export interface Preview { icon: IconName | null; text: string; faint: boolean }

const icons: Record<Attachment['kind'], IconName> = { image: 'camera', video: 'video', audio: 'file', voice: 'mic', file: 'file', location: 'place', contact: 'user', sticker: 'smile', link: 'link' };

function named(t: Words, attachment: Attachment, count: number): string {
  switch (attachment.kind) {
    case 'image': return count > 1 ? t.photos(count) : t.photo;
    case 'voice': return attachment.seconds === undefined ? t.voice : `${t.voice} · ${duration(attachment.seconds)}`;
    case 'file': return attachment.name === '' ? t.file : attachment.name;
    case 'contact': return attachment.name === '' ? t.contact : attachment.name;
    case 'location': return attachment.name === '' ? t.location : attachment.name;
    default: return t[attachment.kind];
  }
}

const address = /^(?:pak|bapak|bu|ibu|mas|mbak|bang|kak|dik|haji|hj?|dr|drg|prof|mr|mrs|ms)\.?$/iu;

/** What people call somebody: the first name, with the next one after a short form of address (Pak Harto, Bu Siti). */
export function calledBy(name: string): string {
  const [first = name, second] = name.split(/\s+/u);
  return second !== undefined && address.test(first) ? `${first} ${second}` : first;
}

export function previewOf(t: Words, message: Message): Preview {
  if (message.retracted === true) return { icon: 'block', text: message.mine ? t.retractedMine : t.retracted, faint: true };
  if (message.encrypted === 'failed') return { icon: 'lock', text: t.undecryptable, faint: true };
  const text = plainText(message.body);
  const first = message.attachments[0];
  if (first === undefined) return { icon: null, text, faint: false };
  if (first.kind === 'link' && text !== '') return { icon: null, text, faint: false };
  return { icon: icons[first.kind], text: text === '' ? named(t, first, message.attachments.length) : text, faint: false };
}
