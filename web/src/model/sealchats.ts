import type { Address } from '../omemo/types.ts';
import type { Context } from './context.ts';
import { transact, type ChatRow } from './db.ts';
import { inTurns, type SealDevices } from './sealdevices.ts';

/** In larger groups each message would carry thousands of keys. */
const MOST_MEMBERS = 100;
const MOST_NAMED = 10;

export interface Prepared {
  /** All of the others', and our own others. */
  devices: readonly Address[];
  /** Whom it was prepared for. */
  people: readonly string[];
  /** Everybody has a device, and somebody wants it. */
  wanted: boolean;
}

/** Whether a chat can be encrypted, and for which devices: looked up once per session, and again when devices or members change. */
export class SealChats {
  readonly #context: Context;
  readonly #devices: SealDevices;
  readonly #byDefault: boolean;
  readonly #prepared = new Map<string, { people: string; result: Promise<Prepared>; settled?: Prepared }>();

  constructor(context: Context, devices: SealDevices, byDefault: boolean) {
    this.#context = context;
    this.#devices = devices;
    this.#byDefault = byDefault;
  }

  reset(): void {
    this.#prepared.clear();
  }

  /** The next message looks again. */
  forget(chat: string): void {
    this.#prepared.delete(chat);
  }

  /** Somebody has other devices now. */
  changed(jid: string): void {
    for (const [chat, { people }] of this.#prepared) if (jid === this.#context.account || people.split(' ').includes(jid)) this.#prepared.delete(chat);
  }

  /** Somebody there encrypts, or the person here wants it. */
  async asked(jid: string): Promise<void> {
    const asked = await transact(this.#context.db, 'default', async (tx) => {
      const chat = await tx.objectStore('chats').get(jid);
      if (!chat || chat.asksToSeal) return false;
      await tx.objectStore('chats').put({ ...chat, asksToSeal: true });
      return true;
    });
    if (!asked) return;
    this.#prepared.delete(jid);
    await this.prepare(jid);
  }

  /** @returns undefined when it is not prepared yet, or not for those who are there now. */
  async ready(jid: string): Promise<Prepared | undefined> {
    const people = await this.#people(jid);
    const before = this.#prepared.get(jid);
    return before?.people === (people?.join(' ') ?? '') ? before.settled : undefined;
  }

  /** Fails when the connection does. */
  async prepare(jid: string): Promise<Prepared> {
    // To ask for a stranger's devices would tell that somebody is here.
    const chat = await this.#context.db.get('chats', jid);
    if (!chat || chat.request) return { devices: [], people: [], wanted: false };
    const people = await this.#people(jid);
    const named = people?.join(' ') ?? '';
    const before = this.#prepared.get(jid);
    if (before?.people === named) return before.result;
    const entry: { people: string; result: Promise<Prepared>; settled?: Prepared } = { people: named, result: this.#prepare(jid, people) };
    this.#prepared.set(jid, entry);
    try {
      return (entry.settled = await entry.result);
    } catch (error) {
      if (this.#prepared.get(jid) === entry) this.#prepared.delete(jid);
      throw error;
    }
  }

  /** Who reads what is written there, without us. Undefined where nobody knows. */
  async #people(jid: string): Promise<string[] | undefined> {
    const { db, account } = this.#context;
    const chat = await db.get('chats', jid);
    if (chat?.kind !== 'group') return jid === account ? [] : jid.includes('/') ? undefined : [jid];
    const room = await db.get('rooms', jid);
    if (!room?.closed || room.showsAddresses !== true) return undefined;
    const members = Object.keys(room.members).filter((member) => member !== account).sort();
    return members.length > MOST_MEMBERS ? undefined : members;
  }

  async #prepare(jid: string, people: string[] | undefined): Promise<Prepared> {
    const { account } = this.#context;
    const lists = await inTurns(people ?? [], async (person) => [{ person, devices: await this.#devices.of(person) }]);
    const own = await this.#devices.of(account);
    const without = lists.filter(({ devices }) => devices.length === 0).map(({ person }) => person);
    const possible = jid === account ? own.length > 0 : people !== undefined && people.length > 0 && without.length === 0;
    const devices = [...lists.flatMap((each) => each.devices), ...own];
    const chat = await this.#context.db.get('chats', jid);
    const wanted = possible && (this.#byDefault || chat?.asksToSeal === true);
    if (wanted || chat?.sealed) await this.#devices.meet(devices);
    await this.#keep(jid, { sealed: wanted, sealable: possible, without: without.sort().slice(0, MOST_NAMED) });
    return { devices, people: people ?? [], wanted };
  }

  async #keep(jid: string, { sealed, sealable, without }: { sealed: boolean; sealable: boolean; without: string[] }): Promise<void> {
    const changed = await transact(this.#context.db, 'default', async (tx) => {
      const chat = await tx.objectStore('chats').get(jid);
      if (!chat || (chat.without?.join() === without.join() && chat.sealable === sealable && (chat.sealed === true || !sealed))) return false;
      const after: ChatRow = { ...chat, without, sealable, ...(sealed ? { sealed: true } : {}) };
      await tx.objectStore('chats').put(after);
      return true;
    });
    if (changed) this.#context.tell({ kind: 'changed', chats: [jid] });
  }
}
