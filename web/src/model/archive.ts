import { StanzaError } from '../xmpp/errors.ts';
import { queryArchive, type ArchivePage, type ArchiveQuery } from '../xmpp/mam.ts';
import type { Context } from './context.ts';
import { takeInbox } from './inbox.ts';
import { readMessage, type Incoming } from './incoming.ts';
import { horizonKey, type Horizon } from './older.ts';

const FIRST_PAGES = 3;
const PAGE = 100;
const HOUR = 3_600_000;

/**
 * Keeps one archive, the account's or a room's, complete here. The cursor is the last archive id that is committed; a page and the
 * cursor behind it are one transaction. The first time it takes the list of chats, or where there is none the newest pages; older ones
 * are fetched when somebody looks (decision 21).
 */
export class ArchiveSync {
  readonly #context: Context;
  readonly #archive: string;
  #state: 'behind' | 'syncing' | 'current' | 'none' = 'behind';
  readonly #missed = new Set<string>();
  /** Rises with every gap there may be in what comes live. */
  #gaps = 0;
  #running: Promise<void> | undefined;

  constructor(context: Context, archive: string) {
    this.#context = context;
    this.#archive = archive;
  }

  get current(): boolean {
    return this.#state === 'current' || this.#state === 'none';
  }

  /**
   * A message came live. While this is behind, the archive brings it in its place: to take it now would put it before what it
   * follows, and the cursor has not passed it.
   * @returns whether it is to be taken now.
   */
  takesLive(archiveId: string): boolean {
    if (this.current) return true;
    this.#missed.add(archiveId);
    return false;
  }

  /** What is live has a gap, as with a new session. */
  reset(): void {
    this.#gaps++;
    this.#state = 'behind';
  }

  /** Fetches what is missing. Fails when the connection does; the next connection goes on where it stopped. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = undefined));
    return this.#running;
  }

  get cursorKey(): string {
    return `cursor:${this.#archive}`;
  }

  async #run(): Promise<void> {
    this.#state = 'syncing';
    try {
      const kept = (await this.#context.db.get('meta', this.cursorKey)) as string | undefined;
      await this.#forward(kept ?? (await this.#begin()));
    } catch (error) {
      // No archive at all: then what comes live is all there is.
      const none = error instanceof StanzaError && ['feature-not-implemented', 'service-unavailable', 'forbidden'].includes(error.condition);
      this.#state = none ? 'none' : 'behind';
      if (!none) throw error;
      await this.#context.db.put('meta', { id: '' } satisfies Horizon, horizonKey(this.#archive));
    }
  }

  async #begin(): Promise<string> {
    const own = this.#archive === this.#context.account;
    return (own ? await takeInbox(this.#context, this.cursorKey) : undefined) ?? (await this.#first());
  }

  /** The newest pages, taken in as one. @returns the cursor; empty: the archive was. */
  async #first(): Promise<string> {
    const pages: ArchivePage[] = [];
    let before = '';
    for (let i = 0; i < FIRST_PAGES; i++) {
      const page = await this.#query({ before });
      pages.unshift(page);
      if (page.complete || !page.first) break;
      before = page.first;
    }
    const messages = pages.flatMap((page) => this.#read(page));
    const live = messages.findIndex((message) => this.#missed.has(message.stanzaId ?? ''));
    const known = live < 0 ? messages : messages.slice(0, live);
    // Without the cursor first: what came live meanwhile is new, not history.
    await this.#context.take(known, 'first', async (tx) => {
      await tx.objectStore('meta').put({ id: pages[0]?.complete === false ? (pages[0].first ?? '') : '' } satisfies Horizon, horizonKey(this.#archive));
    });
    const cursor = pages.at(-1)?.last ?? '';
    await this.#commit(messages.slice(known.length), cursor);
    return cursor;
  }

  async #forward(start: string): Promise<void> {
    let cursor = start;
    for (;;) {
      this.#missed.clear();
      const gaps = this.#gaps;
      const page = await this.#next(cursor);
      if (page.last) {
        cursor = page.last;
        await this.#commit(this.#read(page), cursor);
      }
      // What came live meanwhile was not taken, so it must be in a page. In the turn that sees that nothing did, this is current:
      // one turn later something may have come. A page from before a gap does not know what is in it.
      if (page.complete && this.#missed.size === 0 && gaps === this.#gaps) {
        this.#state = 'current';
        return;
      }
    }
  }

  async #next(cursor: string): Promise<ArchivePage> {
    try {
      return await this.#query(cursor === '' ? {} : { after: cursor });
    } catch (error) {
      if (!(error instanceof StanzaError && error.condition === 'item-not-found')) throw error;
      // The archive does not know its id any more: it was cut, or restored. What is here already is recognised.
      return this.#query({ start: (await this.#newest()) - HOUR });
    }
  }

  async #newest(): Promise<number> {
    let cursor = await this.#context.db.transaction('messages').store.index('at').openCursor(null, 'prev');
    while (cursor?.value.notice) cursor = await cursor.continue();
    return cursor?.value.at ?? 0;
  }

  #query(query: ArchiveQuery): Promise<ArchivePage> {
    const own = this.#archive === this.#context.account;
    return queryArchive(this.#context.link, { ...query, max: PAGE, archive: own ? undefined : this.#archive });
  }

  #read(page: ArchivePage): Incoming[] {
    return page.messages.flatMap(
      (message) => readMessage(message.stanza, this.#context.reading, { archive: this.#archive, archiveId: message.archiveId, at: message.at }) ?? [],
    );
  }

  async #commit(messages: Incoming[], cursor: string): Promise<void> {
    await this.#context.take(messages, 'catch-up', async (tx) => {
      await tx.objectStore('meta').put(cursor, this.cursorKey);
    });
  }
}
