import type { Bundle, Sealed, SealedKey } from '../omemo/types.ts';
import { fromBase64, toBase64 } from './base64.ts';
import { attribute, child, children, childText, el, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';
import { itemsRequest, publish, type PepItem } from './pubsub.ts';

/** OMEMO 0.3 as stanzas (XEP-0384 0.3): what is sealed, and what is published of devices. Everything read here was written by strangers. */

export const DEVICES_NODE = `${NS.omemo}.devicelist`;
const BUNDLES = `${NS.omemo}.bundles:`;
export const bundleNode = (device: number): string => `${BUNDLES}${device}`;

const MOST_KEYS = 2000;
const MOST_DEVICES = 100;
const MOST_PREKEYS = 300;
const MOST_ID = 2 ** 31 - 1;
/** Characters of base64: a sealed key, a payload, and what else there is. */
const LONGEST = { key: 6000, payload: 1_500_000, small: 200 };

/** Anybody may start a session (§4.3), one item is all there is. */
export const OMEMO_OPTIONS: Readonly<Record<string, string>> = {
  'pubsub#persist_items': 'true',
  'pubsub#max_items': '1',
  'pubsub#access_model': 'open',
};

export function encrypted({ sid, iv, keys, payload }: Sealed): Element {
  const rows = keys.map(({ rid, prekey, data }) => el('key', NS.omemo, { rid, prekey: prekey ? 'true' : undefined }, toBase64(data)));
  const header = el('header', NS.omemo, { sid }, ...rows, el('iv', NS.omemo, {}, toBase64(iv)));
  return el('encrypted', NS.omemo, {}, header, payload && el('payload', NS.omemo, {}, toBase64(payload)));
}

/** @returns undefined when it is not as the specification has it. */
export function readEncrypted(element: Element | undefined): Sealed | undefined {
  const header = child(element, 'header', NS.omemo);
  const sid = deviceId(attribute(header, 'sid'));
  const iv = bytes(childText(header, 'iv', NS.omemo), LONGEST.small);
  const rows = children(header, 'key', NS.omemo);
  if (sid === undefined || !iv || rows.length > MOST_KEYS) return undefined;
  // A key that makes no sense is somebody else's trouble, unless it is ours: then there is none for us.
  const keys = rows.flatMap((row) => readKey(row) ?? []);
  const written = childText(element, 'payload', NS.omemo);
  if (written === undefined) return { sid, iv, keys };
  const payload = bytes(written, LONGEST.payload);
  return payload && { sid, iv, keys, payload };
}

function readKey(row: Element): SealedKey | undefined {
  const rid = deviceId(attribute(row, 'rid'));
  const data = bytes(row.textContent, LONGEST.key);
  return rid !== undefined && data ? { rid, prekey: isTrue(attribute(row, 'prekey')), data } : undefined;
}

/** For clients that cannot read it: what it is (XEP-0380), instead of nothing. */
export const encryptionHint = (): Element => el('encryption', NS.eme, { name: 'OMEMO', namespace: NS.omemo });

/** An account's devices. Absent where there is no list; somebody else's rubbish is left out, the devices beside it are not. */
export function readDevices(items: readonly PepItem[]): number[] | undefined {
  const list = newest(items);
  if (list?.localName !== 'list' || list.namespaceURI !== NS.omemo) return undefined;
  const ids = children(list, 'device', NS.omemo).flatMap((device) => deviceId(attribute(device, 'id')) ?? []);
  return [...new Set(ids)].slice(0, MOST_DEVICES);
}

export const publishDevices = (devices: readonly number[]): Element =>
  publish(DEVICES_NODE, 'current', el('list', NS.omemo, {}, ...devices.map((id) => el('device', NS.omemo, { id }))), OMEMO_OPTIONS);

export function publishBundle(device: number, { identity, signedPrekey, prekeys }: Bundle): Element {
  const bundle = el(
    'bundle', NS.omemo, {},
    el('signedPreKeyPublic', NS.omemo, { signedPreKeyId: signedPrekey.id }, toBase64(signedPrekey.key)),
    el('signedPreKeySignature', NS.omemo, {}, toBase64(signedPrekey.signature)),
    el('identityKey', NS.omemo, {}, toBase64(identity)),
    el('prekeys', NS.omemo, {}, ...prekeys.map(({ id, key }) => el('preKeyPublic', NS.omemo, { preKeyId: id }, toBase64(key)))),
  );
  return publish(bundleNode(device), 'current', bundle, OMEMO_OPTIONS);
}

/** @returns undefined when nobody could start a session from it. */
export function readBundle(items: readonly PepItem[]): Bundle | undefined {
  const bundle = newest(items);
  if (bundle?.localName !== 'bundle' || bundle.namespaceURI !== NS.omemo) return undefined;
  const signed = child(bundle, 'signedPreKeyPublic', NS.omemo);
  const id = wholeNumber(attribute(signed, 'signedPreKeyId'));
  const key = bytes(signed?.textContent, LONGEST.small);
  const signature = bytes(childText(bundle, 'signedPreKeySignature', NS.omemo), LONGEST.small);
  const identity = bytes(childText(bundle, 'identityKey', NS.omemo), LONGEST.small);
  const prekeys = children(child(bundle, 'prekeys', NS.omemo), 'preKeyPublic', NS.omemo).slice(0, MOST_PREKEYS).flatMap((row) => readPrekey(row) ?? []);
  if (id === undefined || !isId(id) || !key || !signature || !identity || prekeys.length === 0) return undefined;
  return { identity, signedPrekey: { id, key, signature }, prekeys };
}

function readPrekey(row: Element): { id: number; key: Uint8Array } | undefined {
  const id = wholeNumber(attribute(row, 'preKeyId'));
  const key = bytes(row.textContent, LONGEST.small);
  return id !== undefined && isId(id) && key ? { id, key } : undefined;
}

export const devicesRequest = (jid: string): Element => itemsRequest(DEVICES_NODE, jid, 1);
export const bundleRequest = (jid: string, device: number): Element => itemsRequest(bundleNode(device), jid, 1);

/** COMPAT(old clients): other items than `current`, one for each publication. */
const newest = (items: readonly PepItem[]): Element | undefined => (items.find(({ id }) => id === 'current') ?? items.at(-1))?.payload;

function deviceId(text: string | undefined): number | undefined {
  const id = wholeNumber(text);
  return id !== undefined && id > 0 && id <= MOST_ID ? id : undefined;
}

const isId = (id: number): boolean => id <= MOST_ID;
const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1';

/** COMPAT(Gajim, Pidgin): base64 over several lines. */
function bytes(text: string | null | undefined, most: number): Uint8Array | undefined {
  if (!text || text.length > most) return undefined;
  const read = fromBase64(text.replaceAll(/\s/gu, ''));
  return read && read.length > 0 ? read : undefined;
}
