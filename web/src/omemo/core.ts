import { distinct, isDevice } from './address.ts';
import { secureRandom, wipe, same, type Random } from './bytes.ts';
import { offerOf } from './bundle.ts';
import { Draft, type Step } from './draft.ts';
import { bundleOf, createOwn, FEW_PREKEYS, meOf, replenish, rotate, tidy, unused } from './own.ts';
import { sealPayload } from './payload.ts';
import { seal } from './ratchet.ts';
import { receive } from './receive.ts';
import { promote, withIdentity } from './record.ts';
import { meet, objection } from './trust.ts';
import {
  OmemoError, type Address, type Decrypted, type DeviceProblem, type DeviceRow, type Encrypted, type Me, type Omemo, type Outcome, type Readiness,
  type SealedKey, type State, type Upkeep,
} from './types.ts';
import { encodeOpening } from './wire.ts';
import { initiate } from './x3dh.ts';

type Request<K extends keyof Omemo> = Parameters<Omemo[K]>[0];

/**
 * The operations as functions of a state: what they would change is in what they return, and nowhere else. Called twice with the same state they give
 * two answers of which one may be committed.
 */
export class Core {
  readonly #random: Random;

  constructor(random: Random = secureRandom) {
    this.#random = random;
  }

  create(state: State, request: Request<'create'>): Step<Me> {
    const draft = new Draft(state);
    if (!draft.exists) draft.own = createOwn(request.now, request.taken, request.identity, this.#random);
    return draft.step(meOf(draft.own));
  }

  own(state: State): Step<Me | undefined> {
    const draft = new Draft(state);
    return draft.step(draft.exists ? meOf(draft.own) : undefined);
  }

  exportIdentity(state: State): Step<Uint8Array> {
    const draft = new Draft(state);
    return draft.step(draft.own.identity.secret);
  }

  upkeep(state: State, request: Request<'upkeep'>): Step<Upkeep> {
    const draft = new Draft(state);
    const tidied = tidy(rotate(draft.own, request.now, this.#random));
    const own = unused(tidied) < FEW_PREKEYS ? replenish(tidied, this.#random) : tidied;
    const republish = own !== draft.own;
    draft.own = own;
    return draft.step({ bundle: bundleOf(own), republish });
  }

  ready(state: State, devices: Request<'ready'>): Step<readonly Readiness[]> {
    const draft = new Draft(state);
    return draft.step(devices.map(({ jid, device }) => {
      const lacks = obstacle(draft, { jid, device });
      return { jid, device, ...(lacks ? { lacks } : {}) };
    }));
  }

  start(state: State, request: Request<'start'>): Step<readonly DeviceProblem[]> {
    const draft = new Draft(state);
    const problems: DeviceProblem[] = [];
    for (const { jid, device, bundle } of request.bundles) {
      const address = { jid, device };
      if (!request.renew && obstacle(draft, address) !== 'no-session') continue;
      try {
        if (!isDevice(device)) throw new OmemoError('malformed', 'device id');
        const session = initiate(draft.own.identity, offerOf(bundle, this.#random), this.#random);
        const { row } = meet(draft.rowsOf(jid), address, session.theirs, request.now);
        draft.setRow(row);
        draft.setRecord(address, promote(draft.record(address), session));
        const kind = objection(row);
        if (kind) problems.push({ ...address, kind });
      } catch (error) {
        if (!(error instanceof OmemoError) || error.kind === 'no-identity' || error.kind === 'failed') throw error;
        problems.push({ ...address, kind: error.kind, ...(error.detail === undefined ? {} : { detail: error.detail }) });
      }
    }
    return draft.step(problems);
  }

  async encrypt(state: State, request: Request<'encrypt'>): Promise<Step<Encrypted>> {
    const draft = new Draft(state);
    const { iv, payload, material } = await sealPayload(request.text, this.#random);
    const [keys, reached, unreached]: [SealedKey[], Address[], DeviceProblem[]] = [[], [], []];
    for (const address of distinct(request.devices)) {
      const kind = obstacle(draft, address);
      if (kind) {
        unreached.push({ ...address, kind });
        continue;
      }
      keys.push(await this.#sealKey(draft, address, material));
      reached.push(address);
    }
    const sealed = { sid: draft.own.device, iv, keys, ...(payload ? { payload } : {}) };
    if (payload) wipe(material);
    return draft.step({ sealed, ...(payload ? {} : { transported: material }), reached, unreached });
  }

  async #sealKey(draft: Draft, address: Address, material: Uint8Array): Promise<SealedKey> {
    const record = draft.record(address);
    const session = sendable(draft, address);
    if (!session) throw new OmemoError('failed', 'no session');
    const { data, after } = await seal(session, material);
    draft.setRecord(address, promote(record, after));
    if (!session.opening) return { rid: address.device, prekey: false, data };
    const { prekey, signedPrekey } = session.opening;
    // COMPAT(Signal): a registration id, which is the device id here.
    const opening = { registration: draft.own.device, prekey, signedPrekey, base: session.base, identity: session.ours, message: data };
    return { rid: address.device, prekey: true, data: encodeOpening(opening) };
  }

  async decrypt(state: State, request: Request<'decrypt'>): Promise<Step<Decrypted>> {
    const draft = new Draft(state);
    const outcomes: Outcome[] = [];
    let republish = false;
    for (const message of request.messages) {
      try {
        const { opened, spent } = await receive(draft, message, request, this.#random);
        republish ||= spent && !request.catchingUp;
        outcomes.push(opened);
      } catch (error) {
        if (!(error instanceof OmemoError) || error.kind === 'no-identity' || error.kind === 'failed') throw error;
        outcomes.push({ ok: false, kind: error.kind, ...(error.detail === undefined ? {} : { detail: error.detail }) });
      }
    }
    return draft.step({ outcomes, republish });
  }

  decide(state: State, request: Request<'decide'>): Step<DeviceRow> {
    const draft = new Draft(state);
    const row = draft.row(request);
    if (!row || !same(row.identity, request.identity)) throw new OmemoError('identity-changed');
    const { jid, device, identity, firstSeen, lastSeen } = row;
    const decided: DeviceRow = { jid, device, identity, firstSeen, trust: request.trust, ...(lastSeen === undefined ? {} : { lastSeen }) };
    draft.setRow(decided);
    return draft.step(decided);
  }

  forget(state: State, devices: Request<'forget'>): Step<void> {
    return new Draft(state).step(undefined, devices.map(({ jid, device }) => ({ jid, device })));
  }
}

function obstacle(draft: Draft, address: Address): Readiness['lacks'] {
  const row = draft.row(address);
  if (!row) return 'no-session';
  return objection(row) ?? (sendable(draft, address) ? undefined : 'no-session');
}

/** The session to send with: the newest one with the key that was decided about. */
function sendable(draft: Draft, address: Address): ReturnType<typeof withIdentity> {
  const row = draft.row(address);
  return row && withIdentity(draft.record(address), row.identity);
}
