import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** What one version of OMEMO has differently from another. */
export interface Profile {
  /** The `info` of HKDF: for the shared secret (X3DH §3.3), the root chain and a message key (Double Ratchet §5.2). */
  readonly secretInfo: string;
  readonly rootInfo: string;
  readonly messageInfo: string;
}

/** `eu.siacs.conversations.axolotl`, XEP-0384 0.3: the Signal protocol as it is, with Signal's own labels. */
export const AXOLOTL: Profile = {
  secretInfo: 'WhisperText',
  rootInfo: 'WhisperRatchet',
  messageInfo: 'WhisperMessageKeys',
};

const text = new TextEncoder();
const ZEROES = new Uint8Array(32);

/** RFC 5869 with SHA-256; without a salt it is 32 zero bytes. */
export function derive(secret: Uint8Array, info: string, length: number, salt: Uint8Array = ZEROES): Uint8Array {
  return hkdf(sha256, secret, salt, text.encode(info), length);
}

export function mac(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hash = hmac.create(sha256, key);
  for (const part of parts) hash.update(part);
  return hash.digest();
}
