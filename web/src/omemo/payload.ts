import { decryptGcm, encryptGcm, TAG } from './aes.ts';
import { concat, wipe, type Random } from './bytes.ts';
import { OmemoError } from './types.ts';

/*
 * The message itself (XEP-0384 0.3 §4.5): AES-128-GCM, its tag taken off the text and put behind the key, so that whoever passes the text on
 * cannot change it for those who hold the key.
 */

const KEY = 16;
const IV = 12;
const MAX_PAYLOAD = 1024 * 1024;

export interface SealedPayload {
  readonly iv: Uint8Array;
  readonly payload?: Uint8Array;
  /** Key and tag, or the key alone when nothing is encrypted: what each device gets through its session. */
  readonly material: Uint8Array;
}

export async function sealPayload(text: string | undefined, random: Random): Promise<SealedPayload> {
  const [key, iv] = [random(KEY), random(IV)];
  if (text === undefined) return { iv, material: key };
  const { cipher, tag } = await encryptGcm(key, iv, new TextEncoder().encode(text));
  const material = concat(key, tag);
  wipe(key);
  return { iv, payload: cipher, material };
}

/** @throws malformed, bad-mac */
export async function openPayload(sealed: { iv: Uint8Array; payload?: Uint8Array }, material: Uint8Array): Promise<{ text: string } | { transported: Uint8Array }> {
  if (material.length !== KEY && material.length !== KEY + TAG) throw new OmemoError('malformed', 'key material');
  const key = material.slice(0, KEY);
  if (sealed.payload === undefined) return { transported: key };
  if (sealed.payload.length > MAX_PAYLOAD) throw new OmemoError('malformed', 'payload too long');
  // COMPAT(old Conversations): 16 bytes of IV, and the tag left behind the text.
  if (sealed.iv.length !== IV && sealed.iv.length !== 16) throw new OmemoError('malformed', 'iv');
  const whole = concat(sealed.payload, material.subarray(KEY));
  if (whole.length < TAG) throw new OmemoError('malformed', 'payload too short');
  const text = await decryptGcm(key, sealed.iv, whole.subarray(0, -TAG), whole.subarray(-TAG));
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text) };
  } catch {
    throw new OmemoError('malformed', 'text');
  }
}
