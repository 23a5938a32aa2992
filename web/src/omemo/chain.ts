import { derive, mac, type Profile } from './kdf.ts';
import { OmemoError } from './types.ts';
import { wipe } from './bytes.ts';

/** A symmetric chain (Double Ratchet §2.2): the next message's key comes from `key`, and nobody gets from it to an earlier one. */
export interface Chain {
  readonly key: Uint8Array;
  /** The counter of the next message. */
  readonly next: number;
}

/** A chain of somebody else's, with the seeds of messages that were skipped and may still come (§2.6). */
export interface ReceivingChain extends Chain {
  readonly ratchet: Uint8Array;
  /** Oldest first. */
  readonly skipped: readonly Skipped[];
}

export interface Skipped {
  readonly counter: number;
  readonly seed: Uint8Array;
}

export interface MessageKeys {
  readonly cipher: Uint8Array;
  readonly mac: Uint8Array;
  readonly iv: Uint8Array;
}

/** How many messages in a row may be missing; each one costs a step before anything can be verified. */
const MAX_AHEAD = 1000;

const MESSAGE_KEY = Uint8Array.of(1);
const CHAIN_KEY = Uint8Array.of(2);

/** KDF_CK of Double Ratchet §5.2. */
export function step(chain: Chain): { seed: Uint8Array; after: Chain } {
  return { seed: mac(chain.key, MESSAGE_KEY), after: { key: mac(chain.key, CHAIN_KEY), next: chain.next + 1 } };
}

export function expand(profile: Profile, seed: Uint8Array): MessageKeys {
  const all = derive(seed, profile.messageInfo, 80);
  const keys = { cipher: all.slice(0, 32), mac: all.slice(32, 64), iv: all.slice(64) };
  wipe(all);
  return keys;
}

/**
 * The seed for a message, and the chain as it is after it was read.
 * @throws duplicate, skipped-too-many
 */
export function seedFor(chain: ReceivingChain, counter: number): { seed: Uint8Array; after: ReceivingChain } {
  if (counter < chain.next) {
    const kept = chain.skipped.find((each) => each.counter === counter);
    if (!kept) throw new OmemoError('duplicate', `message ${counter}`);
    return { seed: kept.seed, after: { ...chain, skipped: chain.skipped.filter((each) => each !== kept) } };
  }
  if (counter - chain.next > MAX_AHEAD) throw new OmemoError('skipped-too-many', `from ${chain.next} to ${counter}`);
  const skipped = [...chain.skipped];
  let at: Chain = chain;
  for (;;) {
    const { seed, after } = step(at);
    at = after;
    if (after.next > counter) return { seed, after: { ...chain, key: after.key, next: after.next, skipped } };
    skipped.push({ counter: after.next - 1, seed });
  }
}
