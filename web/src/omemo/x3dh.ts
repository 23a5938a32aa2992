import { concat, wipe, type Random } from './bytes.ts';
import { agree, newPair, type KeyPair } from './curve.ts';
import { AXOLOTL, derive, type Profile } from './kdf.ts';
import { rootStep, type Session } from './ratchet.ts';

/** A bundle whose signature was verified, with one of its prekeys. Keys of 32 bytes. */
export interface Offer {
  readonly identity: Uint8Array;
  readonly signedPrekey: { readonly id: number; readonly key: Uint8Array };
  readonly prekey?: { readonly id: number; readonly key: Uint8Array };
}

/** X3DH §3.3, who sends the first message. The ratchet is turned once at once, as Signal does it. */
export function initiate(identity: KeyPair, offer: Offer, random: Random, profile: Profile = AXOLOTL): Session {
  const base = newPair(random);
  const { signedPrekey, prekey } = offer;
  const secrets = [agree(identity.secret, signedPrekey.key), agree(base.secret, offer.identity), agree(base.secret, signedPrekey.key)];
  if (prekey) secrets.push(agree(base.secret, prekey.key));
  const { root, chain } = start(secrets, profile);
  const ratchet = newPair(random);
  const sending = rootStep(root, agree(ratchet.secret, signedPrekey.key), profile);
  wipe(base.secret, root);
  return {
    ours: identity.open,
    theirs: offer.identity,
    base: base.open,
    opening: { signedPrekey: signedPrekey.id, ...(prekey ? { prekey: prekey.id } : {}) },
    root: sending.root,
    ratchet,
    sending: sending.chain,
    previous: 0,
    receiving: [{ ...chain, ratchet: signedPrekey.key, skipped: [] }],
  };
}

/** X3DH §3.4, who receives it. Until then the signed prekey is the ratchet key. */
export function respond(identity: KeyPair, signedPrekey: KeyPair, prekey: KeyPair, from: { identity: Uint8Array; base: Uint8Array }, profile: Profile = AXOLOTL): Session {
  const secrets = [agree(signedPrekey.secret, from.identity), agree(identity.secret, from.base), agree(signedPrekey.secret, from.base), agree(prekey.secret, from.base)];
  const { root, chain } = start(secrets, profile);
  return { ours: identity.open, theirs: from.identity, base: from.base, root, ratchet: signedPrekey, sending: chain, previous: 0, receiving: [] };
}

/** F, 32 bytes of 0xff, in front, so that no key of another kind gives the same secret (X3DH §2.2). */
function start(secrets: readonly Uint8Array[], profile: Profile): { root: Uint8Array; chain: { key: Uint8Array; next: number } } {
  const all = concat(new Uint8Array(32).fill(0xff), ...secrets);
  const both = derive(all, profile.secretInfo, 64);
  const result = { root: both.slice(0, 32), chain: { key: both.slice(32), next: 0 } };
  wipe(all, both, ...secrets);
  return result;
}
