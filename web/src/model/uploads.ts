import { infoRequest, itemsOf, readInfo, readItemAddresses } from '../xmpp/disco.ts';
import { StanzaError } from '../xmpp/errors.ts';
import { domain } from '../xmpp/jid.ts';
import { NS } from '../xmpp/ns.ts';
import { readMaxSize, readSlot, slotRequest } from '../xmpp/upload.ts';
import type { Context } from './context.ts';
import { transact, type FileRow, type MessageRow } from './db.ts';
import { sealBlob } from './sealfile.ts';
import { refused, uploaded } from './sending.ts';
import type { Transfer } from './transfer.ts';

interface Service {
  jid: string;
  max?: number;
}

/** The server has said no; everything else is tried again. */
class Refusal extends Error {}

/** Uploads at the same time; within a chat one after the other, so that files arrive as they were chosen. */
const AT_ONCE = 3;
const AGAIN = { first: 2000, most: 60_000 };
const TELL_EVERY = 150;

/**
 * Uploads what waits in the database (XEP-0363), and queues each message when its file is at the server. Texts do not wait
 * behind a file. What a cut, a reload or the death of the tab interrupts begins again from the bytes that are here.
 */
export class Uploads {
  readonly #context: Context;
  readonly #transfer: Transfer;
  readonly #queued: () => void;
  /** By chat: what is under way. */
  readonly #busy = new Map<string, { n: number; stop: AbortController }>();
  /** What has just failed, until the pause is over: other chats go on, its own keeps its order. */
  readonly #resting = new Set<number>();
  readonly #unbelieved = new Set<number>();
  #service: Service | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pause = AGAIN.first;
  #stopped = false;
  #turn: Promise<void> = Promise.resolve();

  constructor(context: Context, transfer: Transfer, queued: () => void) {
    this.#context = context;
    this.#transfer = transfer;
    this.#queued = queued;
  }

  /** A new session: the server may have learned something. */
  reset(): void {
    this.#service = undefined;
    this.#pause = AGAIN.first;
    this.#resting.clear();
  }

  /** Starts what can start, and ends what nobody wants any more. */
  run(): Promise<void> {
    this.#turn = this.#turn.then(() => this.#look()).catch(() => undefined);
    return this.#turn;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    for (const { stop } of this.#busy.values()) stop.abort();
  }

  async #look(): Promise<void> {
    const rows = (await this.#context.db.getAll('files')) as (FileRow & { n: number })[];
    for (const { n, stop } of this.#busy.values()) if (!rows.some((row) => row.n === n)) stop.abort();
    if (this.#stopped || !this.#context.link.online) return;
    const held = new Set(rows.filter((row) => this.#resting.has(row.n)).map((row) => row.chat));
    for (const row of rows) {
      if (row.refused || held.has(row.chat) || this.#busy.has(row.chat) || this.#busy.size >= AT_ONCE) continue;
      const stop = new AbortController();
      this.#busy.set(row.chat, { n: row.n, stop });
      void this.#upload(row, stop.signal).finally(() => this.#busy.delete(row.chat)).then(
        () => this.run(),
        () => this.#later(row.n),
      );
    }
  }

  #later(n: number): void {
    if (this.#stopped) return;
    this.#resting.add(n);
    void this.run();
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#resting.clear();
      void this.run();
    }, this.#pause);
    this.#pause = Math.min(this.#pause * 2, AGAIN.most);
  }

  async #upload(row: FileRow & { n: number }, signal: AbortSignal): Promise<void> {
    try {
      const url = await this.#put(row, signal);
      this.#pause = AGAIN.first;
      this.#tell(await transact(this.#context.db, 'strict', (tx) => uploaded(tx, row.n, url)));
      this.#queued();
    } catch (error) {
      if (!(error instanceof Refusal) || signal.aborted) throw error;
      this.#tell(await transact(this.#context.db, 'strict', (tx) => refused(tx, row.n, error.message)));
    }
  }

  #tell(row: MessageRow | undefined): void {
    if (row) this.#context.tell({ kind: 'changed', chats: [row.chat] });
  }

  /** @returns the address. @throws Refusal, or anything else when it should be tried again. */
  async #put(row: FileRow & { n: number }, signal: AbortSignal): Promise<string> {
    const message = await this.#context.db.get('messages', row.key);
    const [attachment] = message?.attachments ?? [];
    const sealed = (await this.#context.seals(row.chat)) ? await sealBlob(row.blob, attachment?.name ?? '') : undefined;
    const { blob, name, type } = sealed ?? { blob: row.blob, name: attachment?.name ?? 'file', type: attachment?.type || 'application/octet-stream' };
    const service = await this.#find();
    if (service.max !== undefined && blob.size > service.max) throw new Refusal(`error.too-large ${service.max}`);
    const request = slotRequest(service.jid, { name, size: blob.size, type });
    const slot = readSlot(await this.#context.link.request(request).catch(explain));
    if (!slot) throw new Refusal('error.no-upload');
    const status = await this.#transfer.put(slot.put, slot.headers, blob, type, this.#progress(row.key), signal);
    this.#check(status, row.n);
    return sealed ? sealed.address(slot.get) : slot.get;
  }

  async #find(): Promise<Service> {
    if (this.#service) return this.#service;
    const { link, db } = this.#context;
    const items = readItemAddresses(await link.request(itemsOf(domain(link.account)))).slice(0, 20);
    for (const jid of [domain(link.account), ...items]) {
      const answer = await link.request(infoRequest(jid)).catch((error: unknown) => (error instanceof StanzaError ? undefined : Promise.reject(error)));
      if (!answer || !readInfo(answer).features.has(NS.upload)) continue;
      const max = readMaxSize(answer);
      this.#service = { jid, ...(max === undefined ? {} : { max }) };
      await db.put('meta', this.#service, 'upload');
      return this.#service;
    }
    throw new Refusal('error.no-upload');
  }

  #check(status: number, n: number): void {
    if (status >= 200 && status < 300) return;
    if (status === 413) throw new Refusal('error.too-large');
    if (status === 507) throw new Refusal('error.quota');
    // A slot that is over, used or not believed is asked for again; a second one that is not believed is a no.
    const unbelieved = status === 401 || status === 403;
    const again = [408, 409, 410, 425, 429].includes(status) || (unbelieved && !this.#unbelieved.has(n));
    if (unbelieved) this.#unbelieved.add(n);
    if (status >= 400 && status < 500 && !again) throw new Refusal('error.no-upload');
    throw new Error(`The server answered ${status}.`);
  }

  #progress(key: string): (part: number) => void {
    let told = 0;
    return (part) => {
      const now = performance.now();
      if (part < 1 && now - told < TELL_EVERY) return;
      told = now;
      this.#context.tell({ kind: 'progress', key, part });
    };
  }
}

/** The service's own word (§6); a connection that is gone is no word. */
function explain(error: unknown): never {
  if (!(error instanceof StanzaError)) throw error;
  if (error.condition === 'not-acceptable') throw new Refusal('error.too-large');
  if (error.condition === 'resource-constraint') throw new Refusal('error.quota');
  throw new Refusal('error.no-upload');
}
