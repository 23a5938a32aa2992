import { sha256 } from '@noble/hashes/sha2.js';
import { concat, type Random } from './bytes.ts';
import { OmemoClient } from './client.ts';
import { Core } from './core.ts';
import { answer } from './rpc.ts';
import type { Address, Bundle, Changes, DeviceRow, Encrypted, Outcome, Received, State, Store } from './types.ts';

/** Repeatable bytes, for tests alone. */
export function seeded(seed: string): Random {
  let counter = 0;
  return (length) => {
    const blocks: Uint8Array[] = [];
    for (let have = 0; have < length; have += 32) blocks.push(sha256(new TextEncoder().encode(`${seed} ${counter++}`)));
    return concat(...blocks).slice(0, length);
  };
}

/** A whole number below `limit`. */
export function below(random: Random, limit: number): number {
  return new DataView(random(4).buffer).getUint32(0) % limit;
}

export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const left = [...values];
  return values.flatMap(() => left.splice(below(random, left.length), 1));
}

const keyOf = ({ jid, device }: Address): string => `${jid} ${device}`;

/** What a caller does with IndexedDB, in memory: all of a commit or nothing. */
export class MemoryStore implements Store {
  revision = 0;
  own: Uint8Array | undefined;
  sessions = new Map<string, Address & { record: Uint8Array }>();
  devices = new Map<string, DeviceRow>();

  read(wanted: { sessions: readonly Address[]; jids: readonly string[] }): Promise<State> {
    const sessions = wanted.sessions.flatMap((each) => this.sessions.get(keyOf(each)) ?? []);
    const devices = [...this.devices.values()].filter((each) => wanted.jids.includes(each.jid));
    return Promise.resolve({ revision: this.revision, ...(this.own ? { own: this.own } : {}), sessions, devices });
  }

  commit(changes: Changes): void {
    if (changes.revision !== this.revision) throw new Error('stale');
    this.revision++;
    this.own = changes.own ?? this.own;
    for (const row of changes.sessions) this.sessions.set(keyOf(row), row);
    for (const row of changes.devices) this.devices.set(keyOf(row), row);
    for (const gone of changes.gone) {
      this.sessions.delete(keyOf(gone));
      this.devices.delete(keyOf(gone));
    }
  }

  copy(): MemoryStore {
    const copy = new MemoryStore();
    Object.assign(copy, structuredClone({ revision: this.revision, own: this.own, sessions: this.sessions, devices: this.devices }));
    return copy;
  }
}

/** Somebody's device, whose worker is here but gets copies as from afar. */
export class Device {
  readonly jid: string;
  readonly store: MemoryStore;
  readonly omemo: OmemoClient;
  now = 1_800_000_000_000;

  constructor(jid: string, random?: Random, store = new MemoryStore()) {
    this.jid = jid;
    this.store = store;
    const core = new Core(random);
    this.omemo = new OmemoClient(store, { run: async (call) => structuredClone(await answer(core, structuredClone(call))), close: () => undefined });
  }

  static async of(jid: string, random?: Random): Promise<Device> {
    const device = new Device(jid, random);
    await device.omemo.create({ now: device.now, taken: [] }, device.commit);
    return device;
  }

  readonly commit = (_: unknown, changes: Changes): Promise<void> => {
    this.store.commit(changes);
    return Promise.resolve();
  };

  async address(): Promise<Address> {
    return { jid: this.jid, device: (await this.me()).device };
  }

  async me(): Promise<{ device: number; identity: Uint8Array; bundle: Bundle }> {
    const me = await this.omemo.own();
    if (!me) throw new Error('no identity');
    return me;
  }

  async start(other: Device, renew = false): Promise<void> {
    const bundles = [{ ...(await other.address()), bundle: (await other.me()).bundle }];
    const problems = await this.omemo.start({ now: this.now, bundles, renew }, this.commit);
    if (problems.length > 0) throw new Error(problems[0]?.kind);
  }

  async seal(text: string | undefined, ...others: readonly Device[]): Promise<Received> {
    const devices = await Promise.all(others.map((other) => other.address()));
    const { sealed } = await this.encrypt(devices, text);
    return { ...sealed, from: this.jid };
  }

  encrypt(devices: readonly Address[], text?: string): Promise<Encrypted> {
    return this.omemo.encrypt({ devices, ...(text === undefined ? {} : { text }) }, this.commit);
  }

  async read(messages: readonly Received[], catchingUp = false): Promise<readonly Outcome[]> {
    return (await this.omemo.decrypt({ now: this.now, messages, catchingUp }, this.commit)).outcomes;
  }

  /** The text, or what was wrong. */
  async hear(message: Received): Promise<string> {
    return said((await this.read([message]))[0]);
  }
}

export function said(outcome: Outcome | undefined): string {
  if (!outcome) return 'nothing';
  return outcome.ok ? (outcome.text ?? 'key') : outcome.kind;
}
