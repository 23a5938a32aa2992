import { readDisplayed, setDisplayed, type Displayed } from '../xmpp/mds.ts';
import { NS } from '../xmpp/ns.ts';
import { itemsRequest, readItems, type PepItem } from '../xmpp/pubsub.ts';
import { markRead, unreadBehind } from './chats.ts';
import type { Context } from './context.ts';
import { transact, type Transaction } from './db.ts';

/** How far chats were read, kept the same on all devices (XEP-0490). */
export class DisplayedSync {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  /** After the archive has come: what other devices have read, then what was read here while nobody could be told. */
  async begin(firstTime: boolean): Promise<void> {
    const answer = await this.#context.link.request(itemsRequest(NS.mds)).catch(() => undefined);
    if (answer) await this.told(readItems(answer), firstTime);
    await this.publish();
  }

  /** @param firstTime Nothing was known here: what comes after a position is unread, and only that. */
  async told(items: PepItem[], firstTime = false): Promise<void> {
    const displayed = items.flatMap((item) => readDisplayed(item) ?? []);
    if (displayed.length === 0) return;
    const chats = await transact(this.#context.db, 'default', async (tx) => {
      const changed: string[] = [];
      for (const one of displayed) if (await apply(tx, one, firstTime, this.#context.account)) changed.push(one.chat);
      return changed;
    });
    if (chats.length > 0) this.#context.tell({ kind: 'changed', chats });
  }

  /** Tells the server what it has not been told yet. */
  async publish(): Promise<void> {
    if (!this.#context.link.online) return;
    for (const chat of await this.#context.db.getAll('chats')) {
      const stanzaId = chat.unsentDisplayed;
      if (!stanzaId) continue;
      const by = chat.kind === 'group' ? chat.jid : this.#context.account;
      try {
        await this.#context.link.request(setDisplayed({ chat: chat.jid, stanzaId, by }));
      } catch {
        return;
      }
      await transact(this.#context.db, 'default', async (tx) => {
        const now = await tx.objectStore('chats').get(chat.jid);
        // More may have been read meanwhile.
        if (now?.unsentDisplayed !== stanzaId) return;
        delete now.unsentDisplayed;
        await tx.objectStore('chats').put(now);
      });
    }
  }
}

async function apply(tx: Transaction, displayed: Displayed, firstTime: boolean, account: string): Promise<boolean> {
  const chat = await tx.objectStore('chats').get(displayed.chat);
  if (!chat || displayed.by !== (chat.kind === 'group' ? chat.jid : account)) return false;
  chat.displayed = displayed.stanzaId;
  const target = await tx.objectStore('messages').index('archive').get([displayed.by, displayed.stanzaId]);
  let changed = false;
  if (target?.chat === chat.jid) changed = firstTime ? await unreadBehind(tx, chat, account) : await markRead(tx, chat, target);
  await tx.objectStore('chats').put(chat);
  return changed;
}
