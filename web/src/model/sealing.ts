import type { Omemo, Store } from '../omemo/types.ts';
import { OmemoError } from '../omemo/types.ts';
import type { Applied, Source } from './apply.ts';
import { takeIn, type Context } from './context.ts';
import type { OutboxRow, Transaction } from './db.ts';
import { isSealed, type Incoming } from './incoming.ts';
import { inTheClear, sealStore } from './sealstore.ts';
import type { SealWork } from './sealwork.ts';

export type OpenOmemo = (store: Store) => Promise<Omemo>;

/** Failures in a row after which messages are taken as they are: what cannot be opened must not keep everything else away. */
const MOST_FAILURES = 3;
/** Milliseconds until what could not be encrypted is tried again. */
const AGAIN = 5000;

/** Loads what encrypts with the first connection, when the list of chats is there already. Nothing where there is no OMEMO. */
export class Sealing {
  readonly #context: Context;
  readonly #open: OpenOmemo | undefined;
  readonly #byDefault: boolean;
  readonly #flush: () => void;
  #work: Promise<SealWork> | undefined;
  #omemo: Omemo | undefined;
  #failures = 0;
  #unsealed = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(context: Context, open: OpenOmemo | undefined, byDefault: boolean, flush: () => void) {
    this.#context = context;
    this.#open = open;
    this.#byDefault = byDefault;
    this.#flush = flush;
  }

  get on(): boolean {
    return this.#open !== undefined;
  }

  /** Does something with it, where there is OMEMO. */
  async with<T>(does: (work: SealWork) => Promise<T>): Promise<T | undefined> {
    return this.#open && does(await this.#load(this.#open));
  }

  async take(messages: readonly Incoming[], source: Source, also?: (tx: Transaction) => Promise<void>): Promise<Applied> {
    const { db, account } = this.#context;
    const plain = (): Promise<Applied> => takeIn(db, account, messages, source, also);
    if (!this.#open || !messages.some(isSealed)) return plain();
    try {
      const applied = await (await this.#load(this.#open)).take(messages, source, also);
      this.#failures = 0;
      return applied;
    } catch (error) {
      const ours = error instanceof OmemoError || (error instanceof TypeError && this.#omemo === undefined);
      if (!ours || ++this.#failures < MOST_FAILURES) throw error;
      return plain();
    }
  }

  async seal(row: OutboxRow & { seq: number }): Promise<{ xml: string } | 'later' | 'gone'> {
    // A message that nobody has promised to encrypt goes as it is where there is no OMEMO.
    if (!this.#open) return row.seal === 'must' ? 'later' : row;
    if (row.seal === 'may' && !(await this.#isAsked(row.chat))) return inTheClear(this.#context.db, row.seq);
    try {
      const sealed = await (await this.#load(this.#open)).seal(row);
      this.#unsealed = 0;
      return sealed;
    } catch {
      const promised = row.seal === 'must' || (await this.#context.db.get('chats', row.chat))?.sealed === true;
      if (!promised && ++this.#unsealed >= MOST_FAILURES) return inTheClear(this.#context.db, row.seq);
      // Nothing was stored, nothing was sent.
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#flush();
      }, AGAIN);
      return 'later';
    }
  }

  /** Whether what is sent there is encrypted. */
  async seals(chat: string): Promise<boolean> {
    if (!(await this.#isAsked(chat))) return false;
    await this.with((work) => work.serve('prepare', [chat]));
    const row = await this.#context.db.get('chats', chat);
    return this.on && row?.sealed === true && row.plain !== true;
  }

  /** Whether encryption has anything to do with a chat: where not, nothing waits for it. */
  async #isAsked(chat: string): Promise<boolean> {
    const row = await this.#context.db.get('chats', chat);
    return this.#open !== undefined && !row?.plain && (this.#byDefault || row?.sealed === true || row?.asksToSeal === true);
  }

  stop(): void {
    clearTimeout(this.#retry);
    this.#omemo?.close();
  }

  #load(open: OpenOmemo): Promise<SealWork> {
    this.#work ??= this.#make(open).catch((error: unknown) => {
      this.#work = undefined;
      throw error;
    });
    return this.#work;
  }

  async #make(open: OpenOmemo): Promise<SealWork> {
    const { SealWork } = await import('./sealwork.ts');
    this.#omemo = await open(sealStore(this.#context.db));
    return new SealWork(this.#context, this.#omemo, this.#byDefault, this.#flush);
  }
}
