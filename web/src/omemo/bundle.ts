import type { Random } from './bytes.ts';
import { decodeKey, verify } from './curve.ts';
import { OmemoError, type Bundle } from './types.ts';
import type { Offer } from './x3dh.ts';

const MAX_PREKEYS = 1000;

/**
 * What a session is started with: the signature verified, one prekey chosen (XEP-0384 0.3 §4.4: at random, so that two who start at once rarely
 * take the same).
 * @throws malformed, bad-signature
 */
export function offerOf(bundle: Bundle, random: Random): Offer {
  const identity = decodeKey(bundle.identity);
  const { id, key, signature } = bundle.signedPrekey;
  const signed = { id: checked(id), key: decodeKey(key) };
  if (!verify(identity, key, signature)) throw new OmemoError('bad-signature');
  if (bundle.prekeys.length > MAX_PREKEYS) throw new OmemoError('malformed', 'too many prekeys');
  const chosen = bundle.prekeys[below(bundle.prekeys.length, random)];
  return { identity, signedPrekey: signed, ...(chosen ? { prekey: { id: checked(chosen.id), key: decodeKey(chosen.key) } } : {}) };
}

function checked(id: number): number {
  if (!Number.isInteger(id) || id < 0 || id > 0xffff_ffff) throw new OmemoError('malformed', 'key id');
  return id;
}

function below(count: number, random: Random): number {
  const bytes = random(4);
  return count === 0 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % count;
}
