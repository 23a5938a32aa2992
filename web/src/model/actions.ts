import { recaption } from './captions.ts';
import { chatRow, find, place, refreshLast, unqueue } from './chats.ts';
import type { Mention } from '../xmpp/mentions.ts';
import * as compose from './compose.ts';
import { transact, type ChatRow, type Database, type MessageRow, type Transaction } from './db.ts';
import { erase, isLater } from './arriving.ts';
import type { FileToSend } from './types.ts';
import { answered, read } from './housekeeping.ts';

const SETTINGS = ['pinned', 'muted', 'archived', 'markedUnread'] as const;

/**
 * What a person does, in the database: every tab may, with or without a connection. What must reach the server is in the outbox
 * in the same strict transaction, so a page that dies right after has lost nothing.
 */
export class Actions {
  readonly #db: Database;
  readonly #account: string;
  readonly #now: () => number;

  constructor(db: Database, account: string, now: () => number) {
    this.#db = db;
    this.#account = account;
    this.#now = now;
  }

  /** @returns the new message's key. @throws DOMException where the device has no room; then nothing was stored. */
  send(jid: string, body: string, replyKey?: string, mentioned?: readonly Mention[]): Promise<string> {
    return this.#strict(jid, async (tx, chat) => {
      const quoted = replyKey ? await tx.objectStore('messages').get(replyKey) : undefined;
      // 36 characters: long enough to be known again when it is sent twice (DELIVERY R5).
      const id = crypto.randomUUID();
      const row: Omit<MessageRow, 'order'> = {
        ...this.#row(chat, id, body),
        ...(quoted ? { replyTo: { id: compose.reference(quoted, chat), senderName: quoted.senderName, body: quoted.body } } : {}),
      };
      await place(tx, chat, row, 'newest');
      await tx.objectStore('outbox').add(compose.text(chat, id, id, body, quoted, mentioned));
      await answered(tx, chat);
      // In the same moment: a page that dies in between would show it as still to be sent.
      chat.draft = '';
      return id;
    });
  }

  /** Files with a text about them, see `attach` in sending.ts. */
  async attach(jid: string, files: readonly FileToSend[], caption: string): Promise<void> {
    const { attach } = await import('./sending.ts');
    await attach({ db: this.#db, account: this.#account, now: this.#now, answered }, jid, files, caption);
  }

  /** Takes back a file that was not uploaded yet. */
  async cancel(key: string): Promise<void> {
    await (await import('./sending.ts')).dropFile(this.#db, key);
  }

  /** Sends copies of messages to chats, all or none. */
  async forward(keys: readonly string[], chats: readonly string[]): Promise<void> {
    const { forward } = await import('./forwarding.ts');
    await forward({ db: this.#db, account: this.#account, now: this.#now, answered }, keys, chats);
  }

  #row(chat: ChatRow, id: string, body: string): Omit<MessageRow, 'order'> {
    return {
      key: id,
      chat: chat.jid,
      id,
      archive: chat.kind === 'group' ? chat.jid : this.#account,
      sender: this.#account,
      senderName: '',
      mine: true,
      at: this.#now(),
      body,
      state: 'sending',
      reached: Infinity,
      reactions: {},
      attachments: [],
      encrypted: 'none',
    };
  }

  async clear(jid: string): Promise<void> {
    await (await import('./clearing.ts')).clearChat(this.#db, jid);
  }

  async delete(jid: string): Promise<void> {
    await (await import('./clearing.ts')).deleteChat(this.#db, jid);
  }

  /** Messages that have not reached the server. */
  async unsent(): Promise<number> {
    return (await this.#db.getAll('outbox')).filter((row) => row.key !== undefined).length + (await this.#db.count('files'));
  }

  edit(jid: string, key: string, body: string): Promise<void> {
    return this.#own(jid, key, async (tx, chat, row) => {
      if (row.retracted || row.body === body) return;
      row.body = body;
      // Nobody has seen it yet: it goes out as it is then, and there is nothing to correct.
      if (row.state === 'failed' || (await recaption(tx, row, body))) return;
      row.edited = true;
      isLater(row, 'body', this.#now());
      await tx.objectStore('outbox').add(compose.correction(chat, crypto.randomUUID(), key, row, body));
    });
  }

  async retract(jid: string, key: string): Promise<void> {
    if (await this.#waits(key)) return this.cancel(key);
    return this.#own(jid, key, async (tx, chat, row) => {
      if (row.retracted) return;
      const unseen = await recaption(tx, row);
      erase(row);
      if (unseen) return;
      await tx.objectStore('outbox').add(compose.retract(chat, crypto.randomUUID(), key, row));
    });
  }

  /** Shows or takes back one reaction of ours. */
  react(jid: string, key: string, emoji: string): Promise<void> {
    return this.#strict(jid, async (tx, chat) => {
      const row = await tx.objectStore('messages').get(key);
      if (!row || row.retracted) return;
      const before = row.reactions[this.#account] ?? [];
      const emojis = before.includes(emoji) ? before.filter((one) => one !== emoji) : [...before, emoji];
      row.reactions = { ...row.reactions, [this.#account]: emojis };
      isLater(row, `reactions ${this.#account}`, this.#now());
      await tx.objectStore('messages').put(row);
      await tx.objectStore('outbox').add(compose.react(chat, crypto.randomUUID(), row, emojis));
    });
  }

  /** Sends a refused message again, under a new id: the server may know the old one and take this for the same. */
  async retry(jid: string, key: string): Promise<void> {
    if (await this.#waits(key)) return (await import('./sending.ts')).retryFile(this.#db, key);
    return this.#own(jid, key, async (tx, chat, row) => {
      if (row.state !== 'failed' || row.retracted) return;
      row.state = 'sending';
      row.reached = Infinity;
      row.id = crypto.randomUUID();
      delete row.error;
      delete row.stanzaId;
      const answered = row.replyTo ? await find(tx, jid, row.archive, row.replyTo.id) : undefined;
      const [attachment] = row.attachments;
      await tx.objectStore('outbox').add(attachment?.sources ? compose.file(chat, row.id, key, attachment) : compose.text(chat, row.id, key, row.body, answered));
    });
  }

  read(jid: string, key: string): Promise<void> {
    return this.#strict(jid, async (tx, chat) => {
      const row = await tx.objectStore('messages').get(key);
      if (row) await read(tx, chat, row);
    });
  }

  async deleteForMe(jid: string, key: string): Promise<void> {
    if (await this.#waits(key)) return this.cancel(key);
    return this.#strict(jid, async (tx, chat) => {
      const row = await tx.objectStore('messages').get(key);
      if (!row) return;
      // What was not sent yet is not to be sent any more.
      if (!row.retracted && (row.state === 'sending' || row.state === 'failed')) await unqueue(tx, jid, row.id);
      await recaption(tx, row);
      await tx.objectStore('messages').put({ ...row, hidden: true, body: '', attachments: [], reactions: {} });
      await refreshLast(tx, chat);
    });
  }

  star(jid: string, key: string, on: boolean): Promise<void> {
    return this.#strict(jid, async (tx) => {
      const row = await tx.objectStore('messages').get(key);
      if (!row) return;
      if (on) row.starred = 1;
      else delete row.starred;
      await tx.objectStore('messages').put(row);
    });
  }

  set(jid: string, change: Partial<Pick<ChatRow, 'pinned' | 'muted' | 'archived' | 'markedUnread' | 'draft' | 'request' | 'name'>>): Promise<void> {
    return this.#strict(jid, (_, chat) => {
      Object.assign(chat, change);
      if (SETTINGS.some((each) => change[each] !== undefined)) chat.unsentSettings = true;
      if (chat.autojoin && (change.pinned !== undefined || change.muted !== undefined)) chat.unsentBookmark = true;
      return Promise.resolve();
    });
  }

  /** Whether it is a file that nobody has seen yet. */
  async #waits(key: string): Promise<boolean> {
    return (await this.#db.getKeyFromIndex('files', 'key', key)) !== undefined;
  }

  #own(jid: string, key: string, work: (tx: Transaction, chat: ChatRow, row: MessageRow) => Promise<void>): Promise<void> {
    return this.#strict(jid, async (tx, chat) => {
      const row = await tx.objectStore('messages').get(key);
      if (!row?.mine) return;
      await work(tx, chat, row);
      await tx.objectStore('messages').put(row);
    });
  }

  #strict<T>(jid: string, work: (tx: Transaction, chat: ChatRow) => Promise<T>): Promise<T> {
    return transact(this.#db, 'strict', async (tx) => {
      const chat = await chatRow(tx, jid, jid === this.#account ? 'self' : 'direct');
      const result = await work(tx, chat);
      await tx.objectStore('chats').put(chat);
      return result;
    });
  }
}
