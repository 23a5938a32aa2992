import { chatRow, find, markRead, place, refreshLast } from './chats.ts';
import type { Mention } from '../xmpp/mentions.ts';
import * as compose from './compose.ts';
import { transact, type ChatRow, type Database, type MessageRow, type Transaction } from './db.ts';
import { isLater, unqueue } from './apply.ts';
import { erase } from './arriving.ts';
import type { FileToSend } from './types.ts';

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

  /** @returns the new message's key. */
  send(jid: string, body: string, replyKey?: string, mentioned?: readonly Mention[]): Promise<string> {
    return this.#strict(jid, async (tx, chat) => {
      const answered = replyKey ? await tx.objectStore('messages').get(replyKey) : undefined;
      // 36 characters: long enough to be known again when it is sent twice (DELIVERY R5).
      const id = crypto.randomUUID();
      const row: Omit<MessageRow, 'order'> = {
        key: id,
        chat: jid,
        id,
        archive: chat.kind === 'group' ? jid : this.#account,
        sender: this.#account,
        senderName: '',
        mine: true,
        at: this.#now(),
        body,
        state: 'sending',
        reactions: {},
        attachments: [],
        encrypted: 'none',
        ...(answered ? { replyTo: { id: compose.reference(answered, chat), senderName: answered.senderName, body: answered.body } } : {}),
      };
      await place(tx, chat, row, 'newest');
      await tx.objectStore('outbox').add(compose.text(chat, id, id, body, answered, mentioned));
      chat.request = false;
      chat.archived = false;
      return id;
    });
  }

  /** Files with a text about them, see `attach` in sending.ts. */
  async attach(jid: string, files: readonly FileToSend[], caption: string): Promise<void> {
    const { attach } = await import('./sending.ts');
    await attach({ db: this.#db, account: this.#account, now: this.#now }, jid, files, caption);
  }

  /** Takes back a file that was not uploaded yet. */
  async cancel(key: string): Promise<void> {
    await (await import('./sending.ts')).dropFile(this.#db, key);
  }

  edit(jid: string, key: string, body: string): Promise<void> {
    return this.#own(jid, key, async (tx, chat, row) => {
      if (row.retracted || row.body === body) return;
      row.body = body;
      row.edited = true;
      isLater(row, 'body', this.#now());
      await tx.objectStore('outbox').add(compose.correction(chat, crypto.randomUUID(), key, row, body));
    });
  }

  async retract(jid: string, key: string): Promise<void> {
    if (await this.#waits(key)) return this.cancel(key);
    return this.#own(jid, key, async (tx, chat, row) => {
      if (row.retracted) return;
      erase(row);
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
      if (row.state !== 'failed') return;
      row.state = 'sending';
      row.id = crypto.randomUUID();
      delete row.error;
      delete row.stanzaId;
      const answered = row.replyTo ? await find(tx, jid, row.archive, row.replyTo.id) : undefined;
      const [attachment] = row.attachments;
      await tx.objectStore('outbox').add(attachment?.sources ? compose.file(chat, row.id, key, attachment) : compose.text(chat, row.id, key, row.body, answered));
    });
  }

  /** Everything up to that message is read: others may know, where it is no stranger. */
  read(jid: string, key: string): Promise<void> {
    return this.#strict(jid, async (tx, chat) => {
      const row = await tx.objectStore('messages').get(key);
      if (!row || !(await markRead(tx, chat, row))) return;
      if (row.stanzaId) chat.unsentDisplayed = row.stanzaId;
      if (!row.mine && !chat.request && chat.kind !== 'self') await tx.objectStore('outbox').add(compose.read(chat, crypto.randomUUID(), row));
    });
  }

  async deleteForMe(jid: string, key: string): Promise<void> {
    if (await this.#waits(key)) return this.cancel(key);
    return this.#strict(jid, async (tx, chat) => {
      const row = await tx.objectStore('messages').get(key);
      if (!row) return;
      // What was not sent yet is not to be sent any more.
      if (row.state === 'sending' || row.state === 'failed') await unqueue(tx, jid, row.id);
      await tx.objectStore('messages').put({ ...row, hidden: true, body: '', attachments: [], reactions: {} });
      await refreshLast(tx, chat);
    });
  }

  star(jid: string, key: string, on: boolean): Promise<void> {
    return this.#strict(jid, async (tx) => {
      const row = await tx.objectStore('messages').get(key);
      if (row) await tx.objectStore('messages').put({ ...row, starred: on });
    });
  }

  set(jid: string, change: Partial<Pick<ChatRow, 'pinned' | 'muted' | 'archived' | 'markedUnread' | 'draft' | 'request' | 'name'>>): Promise<void> {
    return this.#strict(jid, (_, chat) => {
      Object.assign(chat, change);
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
