import { isDevice } from './address.ts';
import { same, type Random } from './bytes.ts';
import type { Draft } from './draft.ts';
import { FEW_PREKEYS, replenish, spend, unused } from './own.ts';
import { openPayload } from './payload.ts';
import { open, type Session } from './ratchet.ts';
import { openWithin, promote, withBase } from './record.ts';
import { meet } from './trust.ts';
import { OmemoError, type Address, type DeviceRow, type Opened, type Received, type SealedKey } from './types.ts';
import { parseMessage, parseOpening } from './wire.ts';
import { respond } from './x3dh.ts';

/** A sender who had no answer for so long never turned the ratchet: all those messages hang on one key (as XEP-0384 0.8 §5.5.2 has it). */
const ANSWER_EVERY = 53;
/** Keys for the same device id that are tried; each costs a few milliseconds. */
const MAX_KEYS = 8;

interface OpenedKey {
  readonly text: Uint8Array;
  readonly after: Session;
  readonly counter: number;
  /** It started a session with this prekey. */
  readonly prekey?: number;
}

/**
 * One message, applied to the draft only when all of it was verified: a forged text leaves the message key unused, so that the true one is still read.
 * @returns whether a prekey was used up
 * @throws OmemoError
 */
export async function receive(draft: Draft, message: Received, at: { now: number; catchingUp: boolean }, random: Random): Promise<{ opened: Opened; spent: boolean }> {
  const address = { jid: message.from, device: message.sid };
  if (!isDevice(message.sid)) throw new OmemoError('malformed', 'device id');
  const ours = message.keys.filter((key) => key.rid === draft.own.device).slice(0, MAX_KEYS);
  if (ours.length === 0) throw new OmemoError('not-for-this-device');
  const key = await openFirst(draft, address, ours, random);
  const content = await openPayload(message, key.text);

  const { row, news } = senderOf(draft, address, key, at.now);
  draft.setRecord(address, promote(draft.record(address), key.after));
  if (key.prekey !== undefined) draft.own = restocked(spend(draft.own, key.prekey, at.catchingUp), at.catchingUp, random);
  const answer = key.prekey !== undefined || (key.counter > 0 && key.counter % ANSWER_EVERY === 0);
  return { opened: { ok: true, ...content, sender: row, ...(news ? { news } : {}), answer }, spent: key.prekey !== undefined };
}

/** In a room two people's devices may have the same id: then one of the keys is ours. */
async function openFirst(draft: Draft, address: Address, keys: readonly SealedKey[], random: Random): Promise<OpenedKey> {
  let problem: unknown;
  for (const key of keys) {
    try {
      return await openKey(draft, address, key, random);
    } catch (error) {
      problem ??= error;
    }
  }
  throw problem;
}

async function openKey(draft: Draft, address: Address, key: SealedKey, random: Random): Promise<OpenedKey> {
  const record = draft.record(address);
  if (!key.prekey) {
    const message = parseMessage(key.data);
    return { ...(await openWithin(record, message, random)), counter: message.counter };
  }
  const opening = parseOpening(key.data);
  const message = parseMessage(opening.message);
  const known = withBase(record, opening.base, opening.identity);
  if (known) return { ...(await open(known, message, random)), counter: message.counter };

  // Our bundles always have prekeys; without one the first message could be played to us again (X3DH §4.2).
  if (opening.prekey === undefined) throw new OmemoError('malformed', 'no prekey');
  const signed = draft.own.signedPrekeys.find((each) => each.id === opening.signedPrekey);
  const prekey = draft.own.prekeys.find((each) => each.id === opening.prekey);
  if (!signed || !prekey) throw new OmemoError('no-session', signed ? `prekey ${opening.prekey} is gone` : `signed prekey ${opening.signedPrekey} is gone`);
  const session = respond(draft.own.identity, signed.pair, prekey.pair, { identity: opening.identity, base: opening.base });
  return { ...(await open(session, message, random)), counter: message.counter, prekey: opening.prekey };
}

function senderOf(draft: Draft, address: Address, key: OpenedKey, now: number): { row: DeviceRow; news?: 'new-device' | 'identity-changed' } {
  const known = draft.row(address);
  if (known && !same(known.identity, key.after.theirs) && key.prekey === undefined) {
    // Late, from the time before the device changed its key: read, but it changes nothing back.
    return { row: { jid: address.jid, device: address.device, identity: key.after.theirs, trust: 'undecided', firstSeen: known.firstSeen } };
  }
  const { row, news } = meet(draft.rowsOf(address.jid), address, key.after.theirs, now);
  const seen = { ...row, lastSeen: Math.max(now, row.lastSeen ?? 0) };
  draft.setRow(seen);
  return { row: seen, ...(news ? { news } : {}) };
}

function restocked(own: Draft['own'], catchingUp: boolean, random: Random): Draft['own'] {
  return !catchingUp && unused(own) < FEW_PREKEYS ? replenish(own, random) : own;
}
