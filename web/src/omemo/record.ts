import { same, type Random } from './bytes.ts';
import type { KeyPair } from './curve.ts';
import { Pack, Unpack } from './pack.ts';
import { knows, open, type Opening, type Session } from './ratchet.ts';
import type { ReceivingChain, Skipped } from './chain.ts';
import { OmemoError } from './types.ts';
import type { ParsedMessage } from './wire.ts';

/**
 * All sessions with one device, the one to send with first. When both start at once there are two, and each side reads what comes in
 * either; the one that was read last is used to send, so that they meet in one (Sesame §3.1 does the same).
 */
export type SessionRecord = readonly Session[];

const VERSION = 1;
/** The current one and as many before it as Signal keeps. */
const MAX_SESSIONS = 1 + 40;
/** Message keys that are kept for what was skipped, in all sessions with a device together. */
const MAX_SKIPPED = 2000;

/** Puts a session first; it replaces the state of it that was there. */
export function promote(record: SessionRecord, session: Session): SessionRecord {
  const others = record.filter((each) => !same(each.base, session.base));
  return bounded([session, ...others].slice(0, MAX_SESSIONS));
}

export function withBase(record: SessionRecord, base: Uint8Array, identity: Uint8Array): Session | undefined {
  return record.find((each) => same(each.base, base) && same(each.theirs, identity));
}

export function withIdentity(record: SessionRecord, identity: Uint8Array): Session | undefined {
  return record.find((each) => same(each.theirs, identity));
}

/**
 * Reads a message in whichever session it belongs to: one that knows its ratchet key (several do only where each was started from the same
 * signed prekey); where it is new, the MAC says.
 * @throws no-session, and what `open` throws
 */
export async function openWithin(record: SessionRecord, message: ParsedMessage, random: Random): Promise<{ text: Uint8Array; after: Session }> {
  const known = record.filter((each) => knows(each, message.ratchet));
  let problem = new OmemoError('no-session');
  for (const session of known.length > 0 ? known : record) {
    try {
      return await open(session, message, random);
    } catch (error) {
      if (!(error instanceof OmemoError)) throw error;
      problem = error;
      if (error.kind === 'malformed') throw error;
    }
  }
  throw problem;
}

export function writeRecord(record: SessionRecord): Uint8Array {
  return new Pack().number(VERSION).list(record, writeSession).finish();
}

export function readRecord(bytes: Uint8Array): SessionRecord {
  const pack = new Unpack(bytes);
  if (pack.number() !== VERSION) throw new OmemoError('failed', 'a record of another version');
  const record = pack.list(readSession);
  pack.end();
  return record;
}

/** Forgets the oldest skipped messages of the oldest sessions first. */
function bounded(record: SessionRecord): SessionRecord {
  let room = MAX_SKIPPED;
  const keep = (chain: ReceivingChain): ReceivingChain => {
    const skipped = room === 0 ? [] : chain.skipped.slice(-room);
    room -= skipped.length;
    return skipped.length === chain.skipped.length ? chain : { ...chain, skipped };
  };
  return record.map((session) => ({ ...session, receiving: [...session.receiving].reverse().map(keep).reverse() }));
}

function writeSession(pack: Pack, session: Session): void {
  pack.bytes(session.ours).bytes(session.theirs).bytes(session.base).bytes(session.root).bytes(session.ratchet.secret).bytes(session.ratchet.open);
  pack.bytes(session.sending.key).number(session.sending.next).number(session.previous);
  pack.maybe(session.opening, (each, opening) => each.number(opening.signedPrekey).maybe(opening.prekey, (one, id) => one.number(id)));
  pack.list(session.receiving, (each, chain) => {
    each.bytes(chain.ratchet).bytes(chain.key).number(chain.next);
    each.list(chain.skipped, (one, skipped) => one.number(skipped.counter).bytes(skipped.seed));
  });
}

function readSession(pack: Unpack): Session {
  const [ours, theirs, base, root] = [pack.bytes(), pack.bytes(), pack.bytes(), pack.bytes()];
  const ratchet = readPair(pack);
  const sending = { key: pack.bytes(), next: pack.number() };
  const previous = pack.number();
  const opening = pack.maybe(readOpening);
  const receiving = pack.list(readChain);
  return { ours, theirs, base, root, ratchet, sending, previous, receiving, ...(opening ? { opening } : {}) };
}

function readOpening(pack: Unpack): Opening {
  const signedPrekey = pack.number();
  const prekey = pack.maybe((each) => each.number());
  return { signedPrekey, ...(prekey === undefined ? {} : { prekey }) };
}

function readChain(pack: Unpack): ReceivingChain {
  const [ratchet, key, next] = [pack.bytes(), pack.bytes(), pack.number()];
  return { ratchet, key, next, skipped: pack.list((each): Skipped => ({ counter: each.number(), seed: each.bytes() })) };
}

export function writePair(pack: Pack, pair: KeyPair): Pack {
  return pack.bytes(pair.secret).bytes(pair.open);
}

export function readPair(pack: Unpack): KeyPair {
  return { secret: pack.bytes(), open: pack.bytes() };
}
