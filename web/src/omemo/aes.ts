import { concat } from './bytes.ts';
import { OmemoError } from './types.ts';

/*
 * AES by WebCrypto only: it runs on the processor's own instructions, in the same time for every key. A table in JavaScript does not.
 */

export const TAG = 16;

const strict = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

function load(name: 'AES-CBC' | 'AES-GCM', key: Uint8Array, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', strict(key), name, false, [use]);
}

/** With PKCS#7 padding, as Signal's messages have it. */
export async function encryptCbc(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-CBC', iv: strict(iv) }, await load('AES-CBC', key, 'encrypt'), strict(text)));
}

/** Only for what a MAC was verified of: the padding's error tells nobody anything then. */
export async function decryptCbc(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array): Promise<Uint8Array> {
  const loaded = await load('AES-CBC', key, 'decrypt');
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv: strict(iv) }, loaded, strict(cipher)));
  } catch {
    throw new OmemoError('malformed', 'padding');
  }
}

export async function encryptGcm(key: Uint8Array, iv: Uint8Array, text: Uint8Array): Promise<{ cipher: Uint8Array; tag: Uint8Array }> {
  const both = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: strict(iv) }, await load('AES-GCM', key, 'encrypt'), strict(text)));
  return { cipher: both.subarray(0, -TAG), tag: both.subarray(-TAG) };
}

export async function decryptGcm(key: Uint8Array, iv: Uint8Array, cipher: Uint8Array, tag: Uint8Array): Promise<Uint8Array> {
  const loaded = await load('AES-GCM', key, 'decrypt');
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: strict(iv) }, loaded, strict(concat(cipher, tag))));
  } catch {
    throw new OmemoError('bad-mac', 'payload');
  }
}
