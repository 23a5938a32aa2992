import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, type Random } from './bytes.ts';
import { OmemoError } from './types.ts';

/** X25519 (RFC 7748); both halves 32 bytes, the secret one clamped. */
export interface KeyPair {
  readonly secret: Uint8Array;
  readonly open: Uint8Array;
}

const { Point } = ed25519;
const { Fp, Fn } = Point;
/** Signal's type byte for Curve25519 keys on the wire. */
const TYPE = 0x05;

export function pairOf(secret: Uint8Array): KeyPair {
  const clamped = clamp(secret);
  return { secret: clamped, open: x25519.getPublicKey(clamped) };
}

export function newPair(random: Random): KeyPair {
  return pairOf(random(32));
}

/** @throws malformed for keys of small order, whose secret everybody knows. */
export function agree(secret: Uint8Array, open: Uint8Array): Uint8Array {
  try {
    return x25519.getSharedSecret(secret, open);
  } catch {
    throw new OmemoError('malformed', 'key of small order');
  }
}

export function encodeKey(open: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(TYPE), open);
}

/** @throws malformed unless it is a type byte and 32 bytes. */
export function decodeKey(key: Uint8Array | undefined): Uint8Array {
  if (key?.length !== 33 || key[0] !== TYPE) throw new OmemoError('malformed', 'public key');
  return key.slice(1);
}

/**
 * XEdDSA §2.3 and §3, signing with an X25519 key. `random64` is Z. The sign bit is always 0, which the specification asks for and libsignal verifies.
 */
export function sign(secret: Uint8Array, message: Uint8Array, random64: Uint8Array): Uint8Array {
  const k = Fn.create(number(clamp(secret)));
  const E = Point.BASE.multiply(k);
  const negative = ((E.toBytes()[31] ?? 0) & 0x80) !== 0;
  const [a, A] = negative ? [Fn.neg(k), E.negate().toBytes()] : [k, E.toBytes()];
  // hash_1: 2^256 - 1 - 1 in front, little-endian, so that no other use of SHA-512 gives the same.
  const prefix = new Uint8Array(32).fill(0xff);
  prefix[0] = 0xfe;
  const r = scalar(sha512(concat(prefix, bytes(a), message, random64)));
  const R = Point.BASE.multiply(r).toBytes();
  const h = scalar(sha512(concat(R, A, message)));
  return concat(R, bytes(Fn.add(r, Fn.mul(h, a))));
}

/** XEdDSA §3, and as libsignal signs: there the sign of the Edwards key is the highest bit of the signature. */
export function verify(open: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64 || open.length !== 32) return false;
  const plain = signature.slice();
  const sign = (plain[63] ?? 0) & 0x80;
  plain[63] = (plain[63] ?? 0) & 0x7f;
  try {
    const A = toEdwards(open);
    A[31] = (A[31] ?? 0) | sign;
    return ed25519.verify(plain, message, A, { zip215: false });
  } catch {
    return false;
  }
}

/** XEdDSA §2.3, convert_mont: y = (u - 1) / (u + 1). @throws for what is no canonical u, or -1. */
export function toEdwards(open: Uint8Array): Uint8Array {
  const u = Fp.fromBytes(open);
  return Fp.toBytes(Fp.mul(Fp.sub(u, Fp.ONE), Fp.inv(Fp.add(u, Fp.ONE))));
}

/** XEdDSA §2.3 the other way: u = (1 + y) / (1 - y). */
export function toMontgomery(edwards: Uint8Array): Uint8Array {
  const y = edwards.slice();
  y[31] = (y[31] ?? 0) & 0x7f;
  const value = Fp.fromBytes(y);
  return Fp.toBytes(Fp.mul(Fp.add(Fp.ONE, value), Fp.inv(Fp.sub(Fp.ONE, value))));
}

function clamp(secret: Uint8Array): Uint8Array {
  if (secret.length !== 32) throw new OmemoError('malformed', 'secret key');
  const clamped = secret.slice();
  clamped[0] = (clamped[0] ?? 0) & 248;
  clamped[31] = ((clamped[31] ?? 0) & 127) | 64;
  return clamped;
}

function number(littleEndian: Uint8Array): bigint {
  return littleEndian.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function scalar(hash: Uint8Array): bigint {
  return Fn.create(number(hash));
}

function bytes(value: bigint): Uint8Array {
  return Fn.toBytes(value);
}
