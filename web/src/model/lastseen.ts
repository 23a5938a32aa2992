import { StanzaError } from '../xmpp/errors.ts';
import { readShown, setShown } from '../xmpp/lastactivity.ts';
import { NS } from '../xmpp/ns.ts';
import { itemsRequest, readItems, type PepItem } from '../xmpp/pubsub.ts';
import type { Context } from './context.ts';

const CHOICE = 'last-seen';
/** What the server has. A choice that differs is still to be told. */
const TOLD = 'last-seen-told';

/** Whether contacts may know since when one is away: the same on all devices, and at the server, which is asked when none is there. */
export class LastSeenSync {
  readonly #context: Context;
  readonly #shares: (on: boolean) => void;

  constructor(context: Context, shares: (on: boolean) => void) {
    this.#context = context;
    this.#shares = shares;
  }

  async begin(): Promise<void> {
    const items = await this.#context.link.request(itemsRequest(NS.lastSeen)).then(readItems, (error: unknown) => (error instanceof StanzaError ? [] : undefined));
    if (!items) return;
    if (items.length === 0) {
      // Who has never chosen shows nothing, and the server must not tell either.
      const { db } = this.#context;
      await db.delete('meta', TOLD);
      await db.put('meta', (await db.get('meta', CHOICE)) === true, CHOICE);
    }
    await this.told(items);
    await this.publish();
  }

  async told([item]: PepItem[]): Promise<void> {
    const { db } = this.#context;
    const shown = item && readShown(item);
    const choice = await db.get('meta', CHOICE);
    // What was decided here and not told yet is newer.
    if (shown === undefined || (choice !== undefined && choice !== (await db.get('meta', TOLD)))) return;
    const tx = db.transaction('meta', 'readwrite');
    await tx.store.put(shown, CHOICE);
    await tx.store.put(shown, TOLD);
    await tx.done;
    this.#shares(shown);
    this.#context.tell({ kind: 'people' });
  }

  async publish(): Promise<void> {
    const { db, link } = this.#context;
    const choice = (await db.get('meta', CHOICE)) as boolean | undefined;
    if (!link.online || choice === undefined || choice === (await db.get('meta', TOLD))) return;
    try {
      await link.request(setShown(choice));
    } catch {
      return;
    }
    await db.put('meta', choice, TOLD);
  }
}
