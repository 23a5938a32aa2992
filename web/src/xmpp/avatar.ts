import { fromBase64, toBase64 } from './base64.ts';
import { attribute, children, el, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';
import { EVERYBODY, itemRequest, publish, readItems, type PepItem } from './pubsub.ts';

/** A user's picture (XEP-0084). */
export interface AvatarInfo {
  /** SHA-1 of the picture, in hex. */
  id: string;
  type: string;
  bytes: number;
}

const TYPES: readonly string[] = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];
const LARGEST = 512 * 1024;

/** The first picture that can be shown; 'none' when there is none any more, undefined when it is no avatar. */
export function readAvatarInfo(item: PepItem): AvatarInfo | 'none' | undefined {
  if (item.payload?.localName !== 'metadata' || item.payload.namespaceURI !== NS.avatarMetadata) return undefined;
  const infos = children(item.payload, 'info', NS.avatarMetadata);
  if (infos.length === 0) return 'none';
  for (const info of infos) {
    const id = attribute(info, 'id')?.toLowerCase();
    const type = attribute(info, 'type') ?? '';
    const bytes = wholeNumber(attribute(info, 'bytes'));
    // Pictures elsewhere would tell their server who looks (`url`); SVG can hold scripts.
    if (id && /^[0-9a-f]{40}$/.test(id) && TYPES.includes(type) && bytes && bytes <= LARGEST && !attribute(info, 'url')) return { id, type, bytes };
  }
  return undefined;
}

export const avatarRequest = (jid: string, id: string): Element => itemRequest(NS.avatarData, id, jid);

/** The picture; undefined unless it is the one that was announced. */
export async function readAvatar(answer: Element, info: AvatarInfo): Promise<Blob | undefined> {
  const payload = readItems(answer)[0]?.payload;
  const bytes = payload?.namespaceURI === NS.avatarData ? fromBase64(payload.textContent.replace(/\s/g, '')) : undefined;
  if (!bytes || bytes.length > LARGEST) return undefined;
  return (await sha1(bytes)) === info.id ? new Blob([bytes], { type: info.type }) : undefined;
}

/** Makes it one's own (§3.2, §3.3). */
export async function publishAvatar(picture: Blob): Promise<{ hash: string; data: Element; metadata: Element }> {
  const bytes = new Uint8Array(await picture.arrayBuffer());
  const hash = await sha1(bytes);
  const info = el('info', NS.avatarMetadata, { id: hash, type: picture.type, bytes: bytes.length });
  return {
    hash,
    data: publish(NS.avatarData, hash, el('data', NS.avatarData, {}, toBase64(bytes)), EVERYBODY),
    metadata: publish(NS.avatarMetadata, hash, el('metadata', NS.avatarMetadata, {}, info), EVERYBODY),
  };
}

export const withdrawAvatar = (): Element => publish(NS.avatarMetadata, 'none', el('metadata', NS.avatarMetadata), EVERYBODY);

async function sha1(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-1', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
