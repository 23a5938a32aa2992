import type { Address, Changes, Me, Omemo } from '../omemo/types.ts';
import { LinkError, StanzaError } from '../xmpp/errors.ts';
import { bundleNode, bundleRequest, DEVICES_NODE, devicesRequest, OMEMO_OPTIONS, publishBundle, publishDevices, readBundle, readDevices } from '../xmpp/omemo.ts';
import { configure, readItems, type PepItem } from '../xmpp/pubsub.ts';
import type { Context } from './context.ts';
import { transact, type Transaction } from './db.ts';
import { commitChanges, ofPerson, type News } from './sealstore.ts';

/** Questions at the same time. */
const AT_ONCE = 8;
/** Milliseconds between two tries to be in our own list: another client that takes us out must not be fought. */
const ANNOUNCE_AGAIN = 60_000;
/** Milliseconds that a message waits for somebody's server. */
const PATIENCE = 10_000;
const SINCE = 'since';

export type Tell = (tx: Transaction, news: readonly News[]) => Promise<void>;

/** Whose devices there are: ours, which is published, and those of others, which are looked up once per session and whenever they change. */
export class SealDevices {
  readonly #context: Context;
  readonly #omemo: Omemo;
  readonly #tell: Tell;
  #own: Promise<Me> | undefined;
  readonly #looked = new Set<string>();
  readonly #tried = new Set<string>();
  #announced = -Infinity;
  #left = false;

  constructor(context: Context, omemo: Omemo, tell: Tell) {
    this.#context = context;
    this.#omemo = omemo;
    this.#tell = tell;
  }

  /** A new session: what was known may have changed meanwhile. */
  reset(): void {
    this.#looked.clear();
    this.#tried.clear();
    this.#announced = -Infinity;
  }

  /** This device; made when there is none yet. */
  own(): Promise<Me> {
    this.#own ??= this.#make().catch((error: unknown) => {
      this.#own = undefined;
      throw error;
    });
    return this.#own;
  }

  /** ms; what is older than this device was not encrypted for it. */
  async since(): Promise<number> {
    return ((await this.#context.db.get('omemo', SINCE)) as number | undefined) ?? 0;
  }

  async #make(): Promise<Me> {
    const kept = await this.#omemo.own();
    if (kept) return kept;
    const taken = (await this.#fetch(this.#context.account).catch(() => undefined)) ?? [];
    const now = this.#context.reading.now();
    return this.#omemo.create({ now, taken }, (_, changes) =>
      transact(this.#context.db, 'strict', async (tx) => {
        await commitChanges(tx, changes);
        await tx.objectStore('omemo').put(now, SINCE);
      }),
    );
  }

  /** What is published is what we have: the bundle, and this device in the list. The bundle first, so that nobody looks for it in vain. */
  async publish(): Promise<void> {
    const me = await this.own();
    const answer = await this.#ask(bundleRequest(this.#context.account, me.device));
    const there = answer && readBundle(readItems(answer));
    const ours = (await this.#omemo.own())?.bundle ?? me.bundle;
    if (JSON.stringify(there, plain) !== JSON.stringify(ours, plain)) await this.publishBundle();
    await this.#announce();
  }

  async publishBundle(): Promise<void> {
    const me = await this.#omemo.own();
    if (me) await this.#put(bundleNode(me.device), publishBundle(me.device, me.bundle));
  }

  async #announce(): Promise<void> {
    const me = await this.own();
    const listed = await this.#fetch(this.#context.account);
    await this.#keep(this.#context.account, listed ?? []);
    if (listed?.includes(me.device)) return;
    await this.#put(DEVICES_NODE, publishDevices([...(listed ?? []), me.device]));
    this.#announced = Date.now();
  }

  /** Takes this device out of the list: its keys go with the account's data. */
  async leave(): Promise<void> {
    this.#left = true;
    const me = await this.#omemo.own();
    const listed = me && (await this.#fetch(this.#context.account));
    if (listed?.includes(me?.device ?? 0)) await this.#put(DEVICES_NODE, publishDevices(listed.filter((id) => id !== me?.device)));
  }

  async #put(node: string, publication: Element): Promise<void> {
    try {
      await this.#context.link.request(publication);
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error;
      // Another client has made the node with other settings: then nobody could start a session with us.
      await this.#context.link.request(configure(node, OMEMO_OPTIONS));
      await this.#context.link.request(publication);
    }
  }

  /** Somebody has told which devices they have. */
  async told(jid: string, items: readonly PepItem[]): Promise<void> {
    const devices = readDevices(items);
    if (!devices) return;
    await this.#keep(jid, devices);
    this.#looked.add(jid);
    if (this.#left || jid !== this.#context.account || devices.includes((await this.own()).device)) return;
    if (Date.now() - this.#announced > ANNOUNCE_AGAIN) await this.#announce();
  }

  /**
   * Somebody's devices, of ours the others. Where there is no list, those that have written are devices.
   * COMPAT(Profanity 0.13): publishes its bundle, but with some servers no list.
   */
  async of(jid: string): Promise<Address[]> {
    if (!this.#looked.has(jid)) await this.#look(jid);
    const { db, account } = this.#context;
    const list = await db.get('devicelists', jid);
    const ids = new Set(list?.devices ?? (await db.getAll('devices', ofPerson(jid))).map((row) => row.device));
    if (jid === account) ids.delete((await this.own()).device);
    return [...ids].map((device) => ({ jid, device }));
  }

  async #look(jid: string): Promise<void> {
    try {
      const devices = await this.#fetch(jid);
      if (devices) await this.#keep(jid, devices);
    } catch (error) {
      // Where nobody answers, what was known goes on.
      if (error instanceof LinkError && error.reason === 'timeout') return;
      if (!(error instanceof StanzaError)) throw error;
    }
    this.#looked.add(jid);
  }

  /** @returns undefined when there is no list. */
  async #fetch(jid: string): Promise<number[] | undefined> {
    try {
      return readDevices(readItems(await this.#context.link.request(devicesRequest(jid), { timeout: PATIENCE })));
    } catch (error) {
      if (error instanceof StanzaError && error.condition === 'item-not-found') return undefined;
      throw error;
    }
  }

  async #keep(jid: string, devices: number[]): Promise<void> {
    const before = await this.#context.db.get('devicelists', jid);
    const same = before?.devices.length === devices.length && devices.every((device) => before.devices.includes(device));
    if (!same) await this.#context.db.put('devicelists', { jid, devices, at: this.#context.reading.now() });
  }

  /** Starts sessions with those that have none, once per connection with each. */
  async meet(devices: readonly Address[], renew = false): Promise<void> {
    const wanted = renew ? devices : (await this.#omemo.ready(devices)).filter((each) => each.lacks === 'no-session' && !this.#tried.has(`${each.device} ${each.jid}`));
    const bundles = await inTurns(wanted, async ({ jid, device }) => {
      const answer = await this.#ask(bundleRequest(jid, device));
      const bundle = answer && readBundle(readItems(answer));
      if (bundle) this.#tried.add(`${device} ${jid}`);
      return bundle ? [{ jid, device, bundle }] : [];
    });
    if (bundles.length === 0) return;
    await this.#omemo.start({ now: this.#context.reading.now(), bundles, renew }, (_, changes) => this.commit(changes));
  }

  commit(changes: Changes): Promise<void> {
    return transact(this.#context.db, 'strict', async (tx) => this.#tell(tx, await commitChanges(tx, changes)));
  }

  /** @returns undefined when the answer is a no, or none comes. */
  async #ask(request: Element): Promise<Element | undefined> {
    return this.#context.link.request(request, { timeout: PATIENCE }).catch((error: unknown) => {
      if (error instanceof StanzaError || (error instanceof LinkError && error.reason === 'timeout')) return undefined;
      throw error;
    });
  }
}

const plain = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? [...value] : value);

export async function inTurns<T, R>(all: readonly T[], work: (one: T) => Promise<readonly R[]>): Promise<R[]> {
  const left = [...all];
  const done: R[] = [];
  const next = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) done.push(...(await work(one)));
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, left.length) }, next));
  return done;
}
