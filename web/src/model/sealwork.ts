import type { Address, Omemo, Trust } from '../omemo/types.ts';
import type { PepItem } from '../xmpp/pubsub.ts';
import type { Applied, Source } from './apply.ts';
import type { Context } from './context.ts';
import { transact, type OutboxRow, type Transaction } from './db.ts';
import type { Incoming } from './incoming.ts';
import { SealChats } from './sealchats.ts';
import { SealDevices } from './sealdevices.ts';
import { SealIn } from './sealin.ts';
import { noteNews } from './sealnotice.ts';
import { SealOut } from './sealout.ts';
import { ofPerson, type News } from './sealstore.ts';

const HOUR = 3_600_000;

/** Everything about OMEMO that the leading tab does. */
export class SealWork {
  readonly #context: Context;
  readonly #omemo: Omemo;
  readonly #devices: SealDevices;
  readonly #chats: SealChats;
  readonly #in: SealIn;
  readonly #out: SealOut;

  constructor(context: Context, omemo: Omemo, byDefault: boolean, flush: () => void) {
    const tell = (tx: Transaction, news: readonly News[]): Promise<void> => noteNews(context, tx, news);
    this.#context = context;
    this.#omemo = omemo;
    this.#devices = new SealDevices(context, omemo, tell);
    this.#chats = new SealChats(context, this.#devices, byDefault);
    this.#in = new SealIn(context, omemo, this.#devices, tell);
    this.#out = new SealOut(context, omemo, this.#chats, tell, flush);
  }

  /** A new session. */
  async begin(): Promise<void> {
    this.#devices.reset();
    this.#chats.reset();
    await this.#devices.publish();
  }

  /** After what was missed is here. */
  async upkeep(): Promise<void> {
    await this.#devices.own();
    const { republish } = await this.#omemo.upkeep({ now: this.#context.reading.now() }, (_, changes) => this.#devices.commit(changes));
    if (republish) await this.#devices.publishBundle();
  }

  async told(jid: string, items: readonly PepItem[]): Promise<void> {
    const { db, account } = this.#context;
    // Only of those one writes to: everybody may tell, and lists take room.
    if (jid !== account && !(await db.getKey('contacts', jid)) && !(await db.getKey('devicelists', jid))) return;
    await this.#devices.told(jid, items);
    this.#chats.changed(jid);
    if (await db.getKey('chats', jid)) await this.#chats.prepare(jid);
  }

  async take(messages: readonly Incoming[], source: Source, also?: (tx: Transaction) => Promise<void>): Promise<Applied> {
    const { applied, answer, heal, republish, met, sealed } = await this.#in.take(messages, source, also);
    for (const jid of met) this.#chats.changed(jid);
    for (const chat of sealed) void this.#chats.asked(chat).catch(() => undefined);
    void this.#respond(answer, heal, republish).catch(() => undefined);
    return applied;
  }

  seal(row: OutboxRow & { seq: number }): ReturnType<SealOut['seal']> {
    return this.#out.seal(row);
  }

  /** What tabs ask for. */
  async serve(method: string, args: unknown[]): Promise<unknown> {
    const [jid, device, identity, trust] = args as [string, number, Uint8Array, Exclude<Trust, 'undecided'>];
    if (method === 'prepare') return this.#chats.prepare(jid).then(() => undefined);
    if (method === 'leave') return this.#devices.leave();
    if (method === 'own') return this.#own();
    if (method === 'devices') return this.#context.db.getAll('devices', ofPerson(jid));
    if (method === 'plain') return this.#plain(jid, args[1] === true);
    if (method === 'decide') await this.#omemo.decide({ jid, device, identity, trust }, (_, changes) => this.#devices.commit(changes));
    this.#context.tell({ kind: 'changed', chats: [jid] });
    return undefined;
  }

  async #own(): Promise<{ jid: string; device: number; identity: Uint8Array }> {
    const { device, identity } = await this.#devices.own();
    return { jid: this.#context.account, device, identity };
  }

  /** Encryption is switched off by hand, or on again. What was written before stays what it was. */
  async #plain(jid: string, on: boolean): Promise<void> {
    await transact(this.#context.db, 'strict', async (tx) => {
      const chat = await tx.objectStore('chats').get(jid);
      if (!chat) return;
      if (on) chat.plain = true;
      else delete chat.plain;
      await tx.objectStore('chats').put(chat);
    });
    if (!on) await this.#chats.asked(jid);
    this.#context.tell({ kind: 'changed', chats: [jid] });
  }

  /** What others wait for, when everything is on disk. */
  async #respond(answer: readonly Address[], heal: readonly Address[], republish: boolean): Promise<void> {
    if (republish) await this.#devices.publishBundle();
    for (const address of heal) await this.#heal(address);
    for (const address of answer) await this.#out.nudge(address);
  }

  /** A new session in place of a broken one, at most once an hour: else two broken devices would go on without end. */
  async #heal(address: Address): Promise<void> {
    const { db, reading } = this.#context;
    const key = `healed ${address.device} ${address.jid}`;
    const now = reading.now();
    if (now - (((await db.get('omemo', key)) as number | undefined) ?? -Infinity) < HOUR) return;
    await db.put('omemo', now, key);
    await this.#devices.meet([address], true);
    await this.#out.nudge(address);
  }
}
