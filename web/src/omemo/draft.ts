import { keyOf } from './address.ts';
import { readOwn, writeOwn, type Own } from './own.ts';
import { readRecord, writeRecord, type SessionRecord } from './record.ts';
import type { Address, Changes, DeviceRow, State } from './types.ts';

/** What an operation returns: nothing has happened until the changes are committed. */
export interface Step<T> {
  readonly result: T;
  readonly changes: Changes;
}

/** A state as an operation goes along, and what it changed of it. */
export class Draft {
  readonly #state: State;
  #own: Own | undefined;
  #ownChanged = false;
  readonly #records = new Map<string, { address: Address; record: SessionRecord }>();
  readonly #rows = new Map<string, DeviceRow>();
  readonly #changedRows = new Map<string, DeviceRow>();

  constructor(state: State) {
    this.#state = state;
    for (const row of state.devices) this.#rows.set(keyOf(row), row);
  }

  get exists(): boolean {
    return this.#own !== undefined || this.#state.own !== undefined;
  }

  /** @throws no-identity */
  get own(): Own {
    this.#own ??= readOwn(this.#state.own);
    return this.#own;
  }

  set own(own: Own) {
    if (own === this.#own) return;
    this.#own = own;
    this.#ownChanged = true;
  }

  record(address: Address): SessionRecord {
    const changed = this.#records.get(keyOf(address));
    if (changed) return changed.record;
    const stored = this.#state.sessions.find((each) => each.device === address.device && each.jid === address.jid);
    if (!stored) return [];
    try {
      return readRecord(stored.record);
    } catch {
      // A record that cannot be read is no session, which heals; it must not hold up everything else.
      return [];
    }
  }

  setRecord({ jid, device }: Address, record: SessionRecord): void {
    this.#records.set(keyOf({ jid, device }), { address: { jid, device }, record });
  }

  row(address: Address): DeviceRow | undefined {
    return this.#rows.get(keyOf(address));
  }

  rowsOf(jid: string): readonly DeviceRow[] {
    return [...this.#rows.values()].filter((each) => each.jid === jid);
  }

  setRow(row: DeviceRow): void {
    if (this.row(row) === row) return;
    this.#rows.set(keyOf(row), row);
    this.#changedRows.set(keyOf(row), row);
  }

  step<T>(result: T, gone: readonly Address[] = []): Step<T> {
    const sessions = [...this.#records.values()].map(({ address, record }) => ({ ...address, record: writeRecord(record) }));
    const own = this.#ownChanged && this.#own ? { own: writeOwn(this.#own) } : {};
    return { result, changes: { revision: this.#state.revision, ...own, sessions, devices: [...this.#changedRows.values()], gone } };
  }
}
