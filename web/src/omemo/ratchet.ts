import { decryptCbc, encryptCbc } from './aes.ts';
import { same, wipe, type Random } from './bytes.ts';
import { expand, seedFor, step, type Chain, type ReceivingChain } from './chain.ts';
import { agree, encodeKey, newPair, type KeyPair } from './curve.ts';
import { AXOLOTL, derive, mac, type Profile } from './kdf.ts';
import { OmemoError } from './types.ts';
import { encodeMessage, MAC_LENGTH, type ParsedMessage } from './wire.ts';

/** What the initiator repeats with each message until there is an answer (X3DH §3.3). */
export interface Opening {
  readonly prekey?: number;
  readonly signedPrekey: number;
}

/**
 * One session (Double Ratchet §3.2). Never changed in place: who reads a message gets the state after it, and who throws it
 * away is where they were.
 */
export interface Session {
  /** 32 bytes each. */
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
  /** The initiator's ephemeral key, by which a repeated start is recognised. */
  readonly base: Uint8Array;
  readonly opening?: Opening | undefined;
  readonly root: Uint8Array;
  readonly ratchet: KeyPair;
  readonly sending: Chain;
  readonly previous: number;
  /** Newest last. */
  readonly receiving: readonly ReceivingChain[];
}

/** Signal keeps five. Live messages may overtake an archive that is still being read, by some turns of a quick conversation. */
const MAX_CHAINS = 10;

export function rootStep(root: Uint8Array, shared: Uint8Array, profile: Profile): { root: Uint8Array; chain: Chain } {
  const both = derive(shared, profile.rootInfo, 64, root);
  const result = { root: both.slice(0, 32), chain: { key: both.slice(32), next: 0 } };
  wipe(both, shared);
  return result;
}

/** Ratchet encrypt (§3.4). */
export async function seal(session: Session, text: Uint8Array, profile = AXOLOTL): Promise<{ data: Uint8Array; after: Session }> {
  const { seed, after } = step(session.sending);
  const keys = expand(profile, seed);
  const cipher = await encryptCbc(keys.cipher, keys.iv, text);
  const message = encodeMessage({ ratchet: session.ratchet.open, counter: session.sending.next, previous: session.previous, cipher });
  const tag = macOf(keys.mac, session.ours, session.theirs, message);
  wipe(seed, keys.cipher, keys.mac, keys.iv);
  const data = new Uint8Array(message.length + MAC_LENGTH);
  data.set(message);
  data.set(tag, message.length);
  return { data, after: { ...session, sending: after } };
}

/**
 * Ratchet decrypt (§3.5). A new ratchet key of theirs turns the ratchet; the chains before it are kept, so that late messages of theirs are still read.
 * @throws duplicate, skipped-too-many, bad-mac, malformed
 */
export async function open(session: Session, message: ParsedMessage, random: Random, profile = AXOLOTL): Promise<{ text: Uint8Array; after: Session }> {
  const turned = knows(session, message.ratchet) ? session : turn(session, message.ratchet, random, profile);
  const chain = turned.receiving.find((each) => same(each.ratchet, message.ratchet));
  if (!chain) throw new OmemoError('failed', 'no chain');
  const { seed, after } = seedFor(chain, message.counter);
  const keys = expand(profile, seed);
  if (!same(macOf(keys.mac, session.theirs, session.ours, message.authenticated), message.mac)) throw new OmemoError('bad-mac');
  const text = await decryptCbc(keys.cipher, keys.iv, message.cipher);
  wipe(keys.cipher, keys.mac, keys.iv);
  return { text, after: { ...turned, opening: undefined, receiving: turned.receiving.map((each) => (each === chain ? after : each)) } };
}

export function knows(session: Session, ratchet: Uint8Array): boolean {
  return session.receiving.some((each) => same(each.ratchet, ratchet));
}

/** DHRatchet of §3.5. */
function turn(session: Session, ratchet: Uint8Array, random: Random, profile: Profile): Session {
  const receiving = rootStep(session.root, agree(session.ratchet.secret, ratchet), profile);
  const pair = newPair(random);
  const sending = rootStep(receiving.root, agree(pair.secret, ratchet), profile);
  wipe(receiving.root);
  return {
    ...session,
    root: sending.root,
    ratchet: pair,
    sending: sending.chain,
    // The length of the chain before (§2.6). COMPAT(libsignal): it writes the last counter instead, one less, and reads neither; who follows the
    // specification would lose that chain's last message when it is late.
    previous: session.sending.next,
    receiving: [...session.receiving, { ...receiving.chain, ratchet, skipped: [] }].slice(-MAX_CHAINS),
  };
}

/** Signal's v3 has the identities as associated data, the sender's first, and of the MAC its first eight bytes. */
function macOf(key: Uint8Array, sender: Uint8Array, receiver: Uint8Array, message: Uint8Array): Uint8Array {
  return mac(key, encodeKey(sender), encodeKey(receiver), message).slice(0, MAC_LENGTH);
}
