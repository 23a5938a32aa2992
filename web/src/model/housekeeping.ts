import { local } from '../xmpp/jid.ts';
import { chatRow, markRead, saidBefore, unarchive } from './chats.ts';
import * as compose from './compose.ts';
import { transact, type ChatRow, type Database, type MessageRow, type Transaction } from './db.ts';
import type { ChatKind } from './types.ts';

/** How many of a stranger's messages are told of when they are accepted; the others are covered by the newest. */
const MOST_OWED = 200;

/** Nothing was told before; now it is: what has come is delivered, and what was looked at meanwhile is read. */
export async function accept(tx: Transaction, chat: ChatRow): Promise<void> {
  chat.request = false;
  if (chat.kind !== 'direct') return;
  const range = IDBKeyRange.bound([chat.jid, -Infinity], [chat.jid, Infinity]);
  let cursor = await tx.objectStore('messages').index('order').openCursor(range, 'prev');
  let read = false;
  for (let n = 0; cursor && n < MOST_OWED; n++, cursor = await cursor.continue()) {
    const { owed, ...row } = cursor.value;
    if (row.mine || row.notice) continue;
    if (owed) {
      await tx.objectStore('outbox').add(compose.delivered(chat, crypto.randomUUID(), row.id));
      await cursor.update(row);
    }
    if (read || row.unread || row.raw !== undefined) continue;
    read = true;
    await tx.objectStore('outbox').add(compose.read(chat, crypto.randomUUID(), row));
  }
}

/** Everything up to that message is read: others may know, where it is no stranger. */
export async function read(tx: Transaction, chat: ChatRow, upTo: MessageRow): Promise<void> {
  const row = await saidBefore(tx, upTo);
  if (!row || !(await markRead(tx, chat, row))) return;
  if (row.stanzaId) chat.unsentDisplayed = row.stanzaId;
  if (!row.mine && !chat.request && chat.kind !== 'self') await tx.objectStore('outbox').add(compose.read(chat, crypto.randomUUID(), row));
}

/** To write to somebody is to accept them. */
export async function spokeUp(tx: Transaction, chat: ChatRow): Promise<void> {
  if (chat.request) await accept(tx, chat);
  unarchive(chat);
}

/** Who writes in a chat has seen what others said in it; of a stranger's request only what was looked at counts. */
export async function answered(tx: Transaction, chat: ChatRow): Promise<void> {
  if (!chat.request && (chat.unread || chat.markedUnread)) {
    let cursor = await tx.objectStore('messages').index('order').openCursor(IDBKeyRange.bound([chat.jid, -Infinity], [chat.jid, Infinity]), 'prev');
    while (cursor?.value.mine) cursor = await cursor.continue();
    if (cursor) await read(tx, chat, cursor.value);
  }
  await spokeUp(tx, chat);
}

/** Begins a chat, or takes up a stranger's. @param name What somebody is called of whom nothing is known yet. */
export async function beginChat(db: Database, jid: string, kind: ChatKind, name?: string): Promise<void> {
  await transact(db, 'strict', async (tx) => {
    const chat = await chatRow(tx, jid, kind);
    if (chat.request) {
      await accept(tx, chat);
      chat.accepted = true;
    }
    delete chat.deleted;
    if (name && chat.name === local(jid)) chat.name = name;
    await tx.objectStore('chats').put(chat);
  });
}
