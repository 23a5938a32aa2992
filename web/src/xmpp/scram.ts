import { fromBase64, toBase64 } from './base64.ts';

/** The keys an account can log in with, without its password being known (RFC 5802 §3). Base64. */
export interface ScramKeys {
  mechanism: string;
  salt: string;
  iterations: number;
  storedKey: string;
  serverKey: string;
}

export const SCRAM_HASHES: Readonly<Record<string, string>> = {
  'SCRAM-SHA-512': 'SHA-512',
  'SCRAM-SHA-256': 'SHA-256',
  'SCRAM-SHA-1': 'SHA-1',
};

const BITS: Readonly<Record<string, number>> = { 'SHA-512': 512, 'SHA-256': 256, 'SHA-1': 160 };
const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

/**
 * Prepares a password as an OpaqueString (RFC 8265 §4.2).
 * @returns undefined when it is empty or holds control characters.
 */
export function preparePassword(password: string): string | undefined {
  const prepared = password.replace(/\p{Zs}/gu, ' ').normalize('NFC');
  return prepared === '' || /\p{Cc}/u.test(prepared) ? undefined : prepared;
}

/** Derives what a server stores. Slow on purpose. */
export async function deriveKeys(mechanism: string, password: string, iterations: number, salt: Uint8Array<ArrayBuffer>): Promise<ScramKeys> {
  const hash = SCRAM_HASHES[mechanism];
  if (!hash) throw new Error(`Unknown mechanism ${mechanism}`);
  const salted = await saltedPassword(hash, password, iterations, salt);
  const clientKey = await hmac(hash, salted, encode('Client Key'));
  const storedKey = new Uint8Array(await crypto.subtle.digest(hash, clientKey));
  const serverKey = await hmac(hash, salted, encode('Server Key'));
  return { mechanism, salt: toBase64(salt), iterations, storedKey: toBase64(storedKey), serverKey: toBase64(serverKey) };
}

/** One login by SCRAM, without channel binding: a page sees nothing of the TLS channel. */
export class Scram {
  readonly #hash: string;
  readonly #firstBare: string;
  readonly #nonce: string;
  readonly #password: string;
  #signature: string | undefined;

  constructor(mechanism: string, name: string, password: string, nonce = toBase64(crypto.getRandomValues(new Uint8Array(18)))) {
    this.#hash = SCRAM_HASHES[mechanism] ?? 'SHA-256';
    this.#nonce = nonce;
    this.#password = password;
    // §5.1: these two characters have a meaning in SCRAM's own syntax.
    this.#firstBare = `n=${name.replace(/=/g, '=3D').replace(/,/g, '=2C')},r=${nonce}`;
  }

  first(): string {
    return `n,,${this.#firstBare}`;
  }

  /** @returns the final message, or undefined when the challenge must not be answered. */
  async respond(challenge: string): Promise<string | undefined> {
    const fields = attributes(challenge);
    const nonce = fields.get('r');
    const salt = fromBase64(fields.get('s') ?? '');
    const iterations = Number(fields.get('i'));
    // §5.1: an unknown mandatory extension; a nonce that is not ours; RFC 7677 §4: too few rounds. Too many would hang the page.
    if (fields.has('m') || !nonce?.startsWith(this.#nonce) || !salt?.length || !(iterations >= 4096 && iterations <= 5_000_000)) return undefined;
    const salted = await saltedPassword(this.#hash, this.#password, iterations, salt);
    const clientKey = await hmac(this.#hash, salted, encode('Client Key'));
    const stored = new Uint8Array(await crypto.subtle.digest(this.#hash, clientKey));
    const withoutProof = `c=biws,r=${nonce}`;
    const signed = encode(`${this.#firstBare},${challenge},${withoutProof}`);
    const signature = await hmac(this.#hash, stored, signed);
    const serverKey = await hmac(this.#hash, salted, encode('Server Key'));
    this.#signature = toBase64(await hmac(this.#hash, serverKey, signed));
    return `${withoutProof},p=${toBase64(clientKey.map((byte, i) => byte ^ (signature[i] ?? 0)))}`;
  }

  /** Whether the server has proved that it knows the account's keys (§3). */
  verifies(final: string): boolean {
    return this.#signature !== undefined && attributes(final).get('v') === this.#signature;
  }
}

function attributes(text: string): Map<string, string> {
  return new Map(text.split(',').flatMap((part) => (part[1] === '=' ? [[part.slice(0, 1), part.slice(2)]] : [])));
}

async function saltedPassword(hash: string, password: string, iterations: number, salt: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', encode(password), 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', salt, iterations, hash }, key, BITS[hash] ?? 256));
}

async function hmac(hash: string, key: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data));
}
