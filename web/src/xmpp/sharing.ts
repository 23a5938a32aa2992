import { attribute, child, children, childText, el, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';
import { webAddress } from './oob.ts';

/** A file that a message shares (XEP-0447), as its metadata describe it (XEP-0446). Strangers wrote it: everything is bounded. */
export interface SharedFile {
  name: string;
  type: string;
  size: number | undefined;
  width: number | undefined;
  height: number | undefined;
  /** Milliseconds. */
  length: number | undefined;
  desc: string | undefined;
  /** SHA-256, in base64. */
  hash: string | undefined;
  /** A tiny picture as a data: address (XEP-0264). */
  thumbnail: string | undefined;
  /** Where it is, best first. */
  sources: string[];
  disposition: 'inline' | 'attachment' | undefined;
  /** It is there only for those who have its key (XEP-0448). */
  sealed: boolean;
}

const MOST = { files: 30, sources: 8, name: 160, desc: 2000, thumbnail: 16_384, side: 65_535 };

export function readSharedFiles(message: Element): SharedFile[] {
  return children(message, 'file-sharing', NS.sharing).slice(0, MOST.files).map(readSharing);
}

function readSharing(sharing: Element): SharedFile {
  const file = child(sharing, 'file', NS.fileMetadata);
  const text = (name: string): string | undefined => childText(file, name, NS.fileMetadata);
  const side = (name: string): number | undefined => between(wholeNumber(text(name)), 1, MOST.side);
  const sources = child(sharing, 'sources', NS.sharing);
  const disposition = attribute(sharing, 'disposition');
  const addresses = children(sources, 'url-data', NS.urlData).flatMap((data) => webAddress(attribute(data, 'target')) ?? []);
  const hash = children(file, 'hash', NS.hashes).find((candidate) => attribute(candidate, 'algo') === 'sha-256');
  return {
    name: safeName(text('name') ?? ''),
    type: mediaType(text('media-type')),
    size: wholeNumber(text('size')),
    width: side('width'),
    height: side('height'),
    length: wholeNumber(text('length')),
    desc: text('desc')?.slice(0, MOST.desc) || undefined,
    hash: /^[A-Za-z0-9+/]{43}=$/.test(hash?.textContent.trim() ?? '') ? hash?.textContent.trim() : undefined,
    thumbnail: readThumbnail(file),
    sources: addresses.slice(0, MOST.sources),
    disposition: disposition === 'inline' || disposition === 'attachment' ? disposition : undefined,
    sealed: addresses.length === 0 && child(sources, 'encrypted', NS.sealedSharing) !== undefined,
  };
}

function between(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** Only what is in the stanza itself, and only forms of picture that cannot run: a cid: (XEP-0231) would be another question to a stranger. */
function readThumbnail(file: Element | undefined): string | undefined {
  for (const thumbnail of children(file, 'thumbnail', NS.thumbnails)) {
    const uri = attribute(thumbnail, 'uri') ?? '';
    if (isPictureData(uri)) return uri;
  }
  return undefined;
}

export const isPictureData = (uri: string): boolean =>
  uri.length <= MOST.thumbnail && /^data:image\/(?:jpeg|png|webp|gif);base64,[A-Za-z0-9+/=]+$/.test(uri);

/**
 * A name that names a file and nothing else: no folders, no control characters, and no marks that turn the direction of
 * writing, which make `gpj.exe` of an `exe.jpg`. The ending stays when it is cut.
 */
export function safeName(text: string): string {
  const name = text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '').replace(/[/\\:]/g, '_').trim();
  const characters = [...name.replace(/^\.+/, '')];
  if (characters.length <= MOST.name) return characters.join('');
  const ending = /\.\w{1,10}$/.exec(name)?.[0] ?? '';
  return characters.slice(0, MOST.name - ending.length).join('') + ending;
}

/** A media type without parameters; what is none is unknown (XEP-0446). */
export function mediaType(text: string | undefined): string {
  const type = (text ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[a-z]+\/[a-z0-9][a-z0-9.+-]{0,80}$/.test(type) ? type : 'application/octet-stream';
}

/** What one sends: the metadata, and where it is. */
export type FileToShare = Omit<SharedFile, 'sealed'>;

export function sharedFile(file: FileToShare): Element {
  const part = (name: string, value: string | number | undefined): Element | undefined =>
    value === undefined || value === '' ? undefined : el(name, NS.fileMetadata, {}, String(value));
  const metadata = el(
    'file', NS.fileMetadata, {},
    part('media-type', file.type),
    part('name', file.name),
    part('size', file.size),
    part('width', file.width),
    part('height', file.height),
    part('length', file.length),
    part('desc', file.desc),
    file.hash ? el('hash', NS.hashes, { algo: 'sha-256' }, file.hash) : undefined,
    file.thumbnail ? el('thumbnail', NS.thumbnails, { uri: file.thumbnail, 'media-type': file.thumbnail.slice('data:'.length, file.thumbnail.indexOf(';')) }) : undefined,
  );
  const sources = el('sources', NS.sharing, {}, ...file.sources.map((target) => el('url-data', NS.urlData, { target })));
  return el('file-sharing', NS.sharing, { disposition: file.disposition }, metadata, sources);
}

/** The whole body stands there for clients that do not know the feature (XEP-0428). */
export const fallbackBody = (feature: string): Element => el('fallback', NS.fallback, { for: feature }, el('body', NS.fallback));
