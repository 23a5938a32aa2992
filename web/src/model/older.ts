import { StanzaError } from '../xmpp/errors.ts';
import { queryArchive, type ArchivePage } from '../xmpp/mam.ts';
import { chatRow, settleCount } from './chats.ts';
import type { Context } from './context.ts';
import type { ChatRow } from './db.ts';
import { readMessage, type Incoming } from './incoming.ts';

/** From where on an archive is held: all behind it is, or comes, here without gaps; what is before it is fetched chat by chat. */
export interface Horizon {
  /** An archive id; empty: there was nothing before. */
  id: string;
  /** The message of that id, where it is not here yet: pages that end before it do not hold it. */
  message?: Incoming | undefined;
}

export const horizonKey = (archive: string): string => `horizon:${archive}`;

/** Pages that are fetched without anybody asking, so that the chats on top of the list open filled. */
const AHEAD = 30;

/** Fetches what is older than everything here, one page of one chat at a time. */
export class Older {
  readonly #context: Context;
  readonly #running = new Map<string, Promise<boolean>>();
  #ahead: Promise<void> | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** @returns whether there is more. Fails when the connection does. */
  fetch(chat: string, group: boolean, max = 50): Promise<boolean> {
    const running = this.#running.get(chat) ?? this.#fetch(chat, group, max).finally(() => this.#running.delete(chat));
    this.#running.set(chat, running);
    return running;
  }

  /** The newest page of each chat that is only known from the list yet, the newest chats first. Ends with the connection. */
  ahead(): Promise<void> {
    this.#ahead ??= this.#fetchAhead().finally(() => (this.#ahead = undefined));
    return this.#ahead;
  }

  async #fetchAhead(): Promise<void> {
    const bare = (chat: ChatRow): boolean => chat.kind !== 'group' && chat.oldest === undefined && !chat.complete;
    const chats = (await this.#context.db.getAll('chats')).sort((a, b) => b.lastAt - a.lastAt).slice(0, AHEAD);
    for (const chat of chats.filter(bare)) {
      if (!this.#context.link.online) return;
      await this.fetch(chat.jid, false).catch(() => undefined);
    }
  }

  async #fetch(chat: string, group: boolean, max: number): Promise<boolean> {
    const archive = group ? chat : this.#context.account;
    const row = await this.#context.db.get('chats', chat);
    if (row?.complete) return false;
    const horizon = (await this.#context.db.get('meta', horizonKey(archive))) as Horizon | undefined;
    if (!horizon) throw new Error('The archive has not been read yet.');
    if (horizon.id === '') return false;
    const page = await this.#page(chat, group, row?.oldest ?? horizon.id, max);
    const messages = page.messages.flatMap(
      (message) => readMessage(message.stanza, this.#context.reading, { archive, archiveId: message.archiveId, at: message.at }) ?? [],
    );
    if (horizon.message?.chat === chat && row?.oldest === undefined) messages.push(horizon.message);
    await this.#context.take(messages.reverse(), 'history', async (tx) => {
      const after = await chatRow(tx, chat, group ? 'group' : 'direct');
      if (page.first) after.oldest = page.first;
      after.complete = page.complete || after.cleared !== undefined;
      if (page.complete) settleCount(after);
      await tx.objectStore('chats').put(after);
    });
    return !page.complete;
  }

  async #page(chat: string, group: boolean, before: string, max: number): Promise<ArchivePage> {
    const query = { archive: group ? chat : undefined, with: group ? undefined : chat, max };
    try {
      return await queryArchive(this.#context.link, { ...query, before });
    } catch (error) {
      if (!(error instanceof StanzaError && error.condition === 'item-not-found')) throw error;
      // The archive does not know its id any more: it was cut, or restored. What is here already is recognised, and tells the rest its place.
      const end = await this.#oldestHere(chat);
      return queryArchive(this.#context.link, { ...query, before: '', ...(end === undefined ? {} : { end }) });
    }
  }

  async #oldestHere(chat: string): Promise<number | undefined> {
    const range = IDBKeyRange.bound([chat, -Infinity], [chat, Infinity]);
    return (await this.#context.db.transaction('messages').store.index('order').openCursor(range))?.value.at;
  }
}
