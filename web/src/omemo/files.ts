import { decryptGcm, encryptGcm, TAG } from './aes.ts';
import { concat, fromHex, secureRandom, toHex, type Random } from './bytes.ts';
import { OmemoError } from './types.ts';

/** What opens a file: it travels inside the encrypted message, in the fragment of an `aesgcm:` address (XEP-0454 §3). */
export interface FileSecret {
  readonly iv: Uint8Array;
  readonly key: Uint8Array;
}

const KEY = 32;
const IV = 12;
/** All of it is in memory, twice. */
export const MAX_FILE = 128 * 1024 * 1024;

/** AES-256-GCM with a key of its own, the tag behind the text. @throws malformed when it is too large */
export async function sealFile(bytes: Uint8Array, random: Random = secureRandom): Promise<{ sealed: Uint8Array; secret: FileSecret }> {
  bounded(bytes.length);
  const secret = { iv: random(IV), key: random(KEY) };
  const { cipher, tag } = await encryptGcm(secret.key, secret.iv, bytes);
  return { sealed: concat(cipher, tag), secret };
}

/** @throws malformed, bad-mac */
export async function openFile(sealed: Uint8Array, secret: FileSecret): Promise<Uint8Array> {
  if (sealed.length < TAG) throw new OmemoError('malformed', 'file too short');
  bounded(sealed.length - TAG);
  return decryptGcm(secret.key, secret.iv, sealed.subarray(0, -TAG), sealed.subarray(-TAG));
}

/** Only from `https:`, as §3 says, and from this machine. @throws malformed when it is something else, or has a fragment */
export function buildAesgcm(url: string, secret: FileSecret): string {
  const [, rest] = /^(?:https:\/\/|http:\/\/(?=(?:localhost|127\.0\.0\.1|\[::1\])[:/]))([^#\s]+)$/iu.exec(url) ?? [];
  if (rest === undefined) throw new OmemoError('malformed', 'address');
  return `aesgcm://${rest}#${toHex(secret.iv)}${toHex(secret.key)}`;
}

/**
 * Where the sealed file is, and its secret. The address is always `https:`; who has uploads on `http://localhost` knows their own host.
 * @returns undefined when it is no such address
 */
export function parseAesgcm(address: string): { url: string; secret: FileSecret } | undefined {
  const [, rest, fragment = ''] = /^aesgcm:\/\/([^#\s]+)#([0-9a-f]+)$/iu.exec(address) ?? [];
  const bytes = fromHex(fragment);
  // COMPAT(old Conversations): 16 bytes of IV.
  if (rest === undefined || !bytes || (bytes.length !== KEY + IV && bytes.length !== KEY + 16)) return undefined;
  return { url: `https://${rest}`, secret: { iv: bytes.slice(0, -KEY), key: bytes.slice(-KEY) } };
}

function bounded(length: number): void {
  if (length > MAX_FILE) throw new OmemoError('malformed', 'file too large');
}
