import type { Random } from './bytes.ts';
import { encodeKey, newPair, pairOf, sign, type KeyPair } from './curve.ts';
import { Pack, Unpack } from './pack.ts';
import { readPair, writePair } from './record.ts';
import { OmemoError, type Bundle, type Me } from './types.ts';

/** Our own device: identity key, device id, and what others may start sessions with (X3DH §2.4). */
export interface Own {
  readonly device: number;
  readonly identity: KeyPair;
  /** Newest last; that one is published. */
  readonly signedPrekeys: readonly SignedPrekey[];
  readonly prekeys: readonly Prekey[];
  readonly nextPrekey: number;
}

export interface SignedPrekey {
  readonly id: number;
  readonly pair: KeyPair;
  readonly signature: Uint8Array;
  readonly created: number;
}

export interface Prekey {
  readonly id: number;
  readonly pair: KeyPair;
  /** Used while catching up; not published any more, removed by `tidy`. */
  readonly used: boolean;
}

export const PREKEYS = 100;
export const FEW_PREKEYS = 25;
const DAY = 24 * 3600 * 1000;
const ROTATE = 7 * DAY;
/** Somebody may start a session from a bundle fetched long ago, in a message that waits in our archive. */
const GRACE = 30 * DAY;
/** Signal's ids have 24 bits. */
const MAX_ID = 0xff_ffff;
const VERSION = 1;

export function createOwn(now: number, taken: readonly number[], identity: Uint8Array | undefined, random: Random): Own {
  const pair = identity ? pairOf(identity) : newPair(random);
  const bare: Own = { device: newDevice(taken, random), identity: pair, signedPrekeys: [], prekeys: [], nextPrekey: 1 };
  return replenish(rotate(bare, now, random), random);
}

/** XEP-0384 0.3 §4.2: between 1 and 2^31 - 1, and nobody else's. */
function newDevice(taken: readonly number[], random: Random): number {
  for (;;) {
    const bytes = random(4);
    const id = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) & 0x7fff_ffff;
    if (id !== 0 && !taken.includes(id)) return id;
  }
}

/** A new signed prekey, and those that were replaced more than a month ago go. */
export function rotate(own: Own, now: number, random: Random): Own {
  const last = own.signedPrekeys.at(-1);
  if (last && now - last.created < ROTATE) return own;
  const pair = newPair(random);
  const fresh = { id: after(last?.id ?? 0), pair, signature: sign(own.identity.secret, encodeKey(pair.open), random(64)), created: now };
  const all = [...own.signedPrekeys, fresh];
  const kept = all.filter((_, n) => now - (all[n + 1]?.created ?? now) < GRACE);
  return { ...own, signedPrekeys: kept };
}

export function replenish(own: Own, random: Random): Own {
  const prekeys = [...own.prekeys];
  let id = own.nextPrekey;
  for (let free = unused(own); free < PREKEYS; free++) {
    prekeys.push({ id, pair: newPair(random), used: false });
    id = after(id);
  }
  return { ...own, prekeys, nextPrekey: id };
}

export function unused(own: Own): number {
  return own.prekeys.filter((each) => !each.used).length;
}

/** A prekey is for one session only (X3DH §3.4); `keep` defers that to `tidy`. */
export function spend(own: Own, id: number, keep: boolean): Own {
  const prekeys = keep ? own.prekeys.map((each) => (each.id === id ? { ...each, used: true } : each)) : own.prekeys.filter((each) => each.id !== id);
  return { ...own, prekeys };
}

export function tidy(own: Own): Own {
  return own.prekeys.some((each) => each.used) ? { ...own, prekeys: own.prekeys.filter((each) => !each.used) } : own;
}

export function meOf(own: Own): Me {
  return { device: own.device, identity: own.identity.open, bundle: bundleOf(own) };
}

export function bundleOf(own: Own): Bundle {
  const signed = own.signedPrekeys.at(-1);
  if (!signed) throw new OmemoError('failed', 'no signed prekey');
  return {
    identity: encodeKey(own.identity.open),
    signedPrekey: { id: signed.id, key: encodeKey(signed.pair.open), signature: signed.signature },
    prekeys: own.prekeys.filter((each) => !each.used).map((each) => ({ id: each.id, key: encodeKey(each.pair.open) })),
  };
}

function after(id: number): number {
  return id >= MAX_ID ? 1 : id + 1;
}

export function writeOwn(own: Own): Uint8Array {
  const pack = writePair(new Pack().number(VERSION).number(own.device), own.identity).number(own.nextPrekey);
  pack.list(own.signedPrekeys, (each, key) => writePair(each.number(key.id).time(key.created).bytes(key.signature), key.pair));
  pack.list(own.prekeys, (each, key) => writePair(each.number(key.id).number(key.used ? 1 : 0), key.pair));
  return pack.finish();
}

export function readOwn(bytes: Uint8Array | undefined): Own {
  if (!bytes) throw new OmemoError('no-identity');
  const pack = new Unpack(bytes);
  if (pack.number() !== VERSION) throw new OmemoError('failed', 'a record of another version');
  const device = pack.number();
  const identity = readPair(pack);
  const nextPrekey = pack.number();
  const signedPrekeys = pack.list((each) => {
    const [id, created, signature] = [each.number(), each.time(), each.bytes()];
    return { id, created, signature, pair: readPair(each) };
  });
  const prekeys = pack.list((each) => {
    const [id, used] = [each.number(), each.number() === 1];
    return { id, used, pair: readPair(each) };
  });
  pack.end();
  return { device, identity, nextPrekey, signedPrekeys, prekeys };
}
