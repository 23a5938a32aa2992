import { child } from '../xmpp/dom.ts';
import { readContact, readPlace, readPreviews } from '../xmpp/cards.ts';
import { NS } from '../xmpp/ns.ts';
import { withoutFallback } from '../xmpp/replies.ts';
import { mediaType, readSharedFiles, safeName, type SharedFile } from '../xmpp/sharing.ts';
import { readOutOfBand } from '../xmpp/oob.ts';
import type { Attachment } from './types.ts';

/** What a message carries besides its text, and the text without what only stands for it. */
export interface Attached {
  attachments: Attachment[];
  body: string;
}

/** @param opened The body was encrypted, and with it the key to a file. */
export function readAttached(stanza: Element, body: string, opened = false): Attached {
  const shared = readSharedFiles(stanza);
  const url = readOutOfBand(stanza);
  if (shared.length > 0) {
    const sticker = child(stanza, 'sticker', NS.stickers) !== undefined;
    const attachments = shared.map((file) => ofFile(url !== undefined && shared.length === 1 ? withSource(file, url) : file, sticker));
    const text = withoutFallback(stanza, body, NS.sharing);
    return { attachments, body: isAddress(text, attachments) ? '' : text };
  }
  // The address alone is no text but the file itself (XEP-0066 as clients use it with 0363).
  if (url !== undefined) return { attachments: [ofAddress(url)], body: body === url ? '' : body };
  const sealed = sealedFile(body, opened);
  if (sealed) return { attachments: [sealed], body: '' };
  return readCards(stanza, body);
}

function readCards(stanza: Element, body: string): Attached {
  const place = readPlace(stanza, body);
  if (place) return { attachments: [card('location', place.name, place.uri)], body: body.startsWith('geo:') ? '' : body };
  const contact = readContact(body);
  if (contact) return { attachments: [card('contact', contact.name, `xmpp:${contact.jid}`)], body: '' };
  const previews = readPreviews(stanza, body).slice(0, 1);
  return { attachments: previews.map((preview) => ({ ...card('link', preview.title, preview.address), ...(preview.picture ? { thumbnail: preview.picture } : {}) })), body };
}

const card = (kind: 'location' | 'contact' | 'link', name: string, url: string): Attachment => ({ kind, name, type: '', size: 0, url, state: 'ready' });

const isAddress = (text: string, files: readonly Attachment[]): boolean => files.some((file) => file.sources?.includes(text.trim()) === true);

const withSource = (file: SharedFile, url: string): SharedFile => (file.sources.includes(url) ? file : { ...file, sources: [...file.sources, url] });

function ofFile(file: SharedFile, sticker: boolean): Attachment {
  const name = file.name || (file.sources[0] ? nameIn(file.sources[0]) : '');
  const type = file.type === 'application/octet-stream' ? typeOf(name) : file.type;
  const kind = file.disposition === 'attachment' ? 'file' : kindOf(type, name);
  return {
    kind: sticker && kind === 'image' ? 'sticker' : kind,
    name,
    type,
    size: file.size ?? 0,
    sources: file.sources,
    ...(file.hash ? { hash: file.hash } : {}),
    ...(file.desc ? { desc: file.desc } : {}),
    ...(file.thumbnail ? { thumbnail: file.thumbnail } : {}),
    ...(file.width && file.height ? { width: file.width, height: file.height } : {}),
    ...(file.length === undefined ? {} : { seconds: file.length / 1000 }),
    state: file.sealed ? 'sealed' : 'remote',
  };
}

function ofAddress(url: string): Attachment {
  const name = nameIn(url);
  const type = typeOf(name);
  return { kind: kindOf(type, name), name, type, size: 0, sources: [url], state: 'remote' };
}

/** A file that is encrypted for those who read the address (XEP-0454). An address that came in the clear has told its key to everybody. */
function sealedFile(body: string, opened: boolean): Attachment | undefined {
  const address = body.trim().split(/\s/)[0] ?? '';
  if (!/^aesgcm:\/\/[^\s#]{3,2000}#[0-9a-f]{64,96}$/i.test(address)) return undefined;
  const name = nameIn(address.replace(/^aesgcm:/i, 'https:'));
  const type = typeOf(name);
  return opened ? { kind: kindOf(type, name), name, type, size: 0, sources: [address], state: 'remote' } : { kind: 'file', name, type, size: 0, state: 'sealed' };
}

/** The forms that browsers show. What can carry scripts (SVG, HTML) is a document like any other, to be saved and not shown. */
const TYPES: readonly (readonly [ending: RegExp, type: string])[] = [
  [/\.jpe?g$/i, 'image/jpeg'],
  [/\.png$/i, 'image/png'],
  [/\.gif$/i, 'image/gif'],
  [/\.webp$/i, 'image/webp'],
  [/\.avif$/i, 'image/avif'],
  [/\.mp4$/i, 'video/mp4'],
  [/\.webm$/i, 'video/webm'],
  [/\.mov$/i, 'video/quicktime'],
  [/\.(ogg|oga|opus)$/i, 'audio/ogg'],
  [/\.(m4a|aac)$/i, 'audio/mp4'],
  [/\.mp3$/i, 'audio/mpeg'],
  [/\.wav$/i, 'audio/wav'],
  [/\.flac$/i, 'audio/flac'],
];
const SHOWN = new Set(TYPES.map(([, type]) => type).concat('audio/aac', 'audio/x-m4a', 'audio/opus', 'audio/webm', 'audio/x-wav', 'video/ogg', 'video/3gpp'));

export const typeOf = (name: string): string => TYPES.find(([ending]) => ending.test(name))?.[1] ?? 'application/octet-stream';

export function kindOf(type: string, name: string): 'image' | 'video' | 'audio' | 'voice' | 'file' {
  const known = mediaType(type);
  if (!SHOWN.has(known)) return 'file';
  const family = known.slice(0, known.indexOf('/'));
  if (family === 'audio') return isVoice(name) ? 'voice' : 'audio';
  return family === 'image' || family === 'video' ? family : 'file';
}

/** No protocol tells a voice message from a song; apps name what they record (Conversations, Dino, Monal, Siskin, and we). */
const isVoice = (name: string): boolean => /^(?:voice|recording|recorded|ptt|audio[-_ ]?(?:message|recording|\d))/i.test(name) || name === '';

function nameIn(address: string): string {
  const last = URL.canParse(address) ? (new URL(address).pathname.split('/').at(-1) ?? '') : '';
  try {
    return safeName(decodeURIComponent(last));
  } catch {
    return safeName(last);
  }
}
