import { sha256 } from '@noble/hashes/sha2.js';
import { concat, fromHex, toHex } from './bytes.ts';

export interface Fingerprint {
  readonly device: number;
  readonly identity: Uint8Array;
}

const PARAMETER = 'omemo-sid-';
const MAX_DEVICES = 200;
const LIST = 2048;
const WORDS = 6;
/** Makes each guess at a key with the same words cost so much more. */
const ROUNDS = 4096;

/** As Conversations shows it: eight groups of eight hex digits, without the type byte. */
export function formatFingerprint(identity: Uint8Array): string {
  return toHex(identity).match(/.{8}/gu)?.join(' ') ?? '';
}

/** @returns undefined unless it is 32 bytes, or 33 with the type byte in front. */
export function parseFingerprint(text: string): Uint8Array | undefined {
  const bytes = fromHex(text.replaceAll(/\s/gu, ''));
  if (bytes?.length === 33 && bytes[0] === 0x05) return bytes.slice(1);
  return bytes?.length === 32 ? bytes : undefined;
}

/** What a QR code says: `xmpp:ayu@nyala.example?omemo-sid-1=…;omemo-sid-2=…`, which Conversations reads and writes. */
export function verificationUri(jid: string, devices: readonly Fingerprint[]): string {
  const address = jid.split('@').map(encodeURIComponent).join('@');
  return `xmpp:${address}?${devices.map(({ device, identity }) => `${PARAMETER}${device}=${toHex(identity)}`).join(';')}`;
}

/** @returns undefined when it names no device; what else the address asks for is left out. */
export function parseVerificationUri(uri: string): { jid: string; fingerprints: Fingerprint[] } | undefined {
  const [, address = '', query = ''] = /^xmpp:(?:\/\/)?([^?#]+)\?([^#]*)/iu.exec(uri) ?? [];
  const fingerprints = query.split(/[;&]/u).slice(0, MAX_DEVICES).flatMap((part): Fingerprint[] => {
    const [, id = '', hex = ''] = /^omemo-sid-(\d{1,10})=([0-9a-f]+)$/iu.exec(part) ?? [];
    const [device, identity] = [Number(id), parseFingerprint(hex)];
    return identity && device > 0 && device < 2 ** 31 ? [{ device, identity }] : [];
  });
  const jid = decode(address);
  return jid !== undefined && fingerprints.length > 0 ? { jid, fingerprints } : undefined;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/**
 * A device's six words, to be read aloud. Each person has their own and both are compared, so a false key must fit the words of one
 * given key: 66 bits and the rounds. One set of words for the pair would leave who sits between two keys to choose, and half the bits.
 */
export function safetyWords(identity: Uint8Array, list: readonly string[]): string[] {
  if (list.length !== LIST) throw new RangeError('a list of 2048 words');
  let hash = sha256(concat(new TextEncoder().encode('Nyala safety words 1'), identity));
  for (let round = 1; round < ROUNDS; round++) hash = sha256(concat(hash, identity));
  const bits = Array.from(hash, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from({ length: WORDS }, (_, n) => list[Number.parseInt(bits.slice(n * 11, n * 11 + 11), 2)] ?? '');
}
