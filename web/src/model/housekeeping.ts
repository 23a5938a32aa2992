import { local } from '../xmpp/jid.ts';
import { chatRow } from './chats.ts';
import * as compose from './compose.ts';
import { transact, type ChatRow, type Database, type Transaction } from './db.ts';
import type { ChatKind } from './types.ts';

/**
 * Takes everything of a chat away from this device. It stays away: its history is not fetched again, and what the archive should
 * bring once more is not taken up to the last message that is known to be in it. At the server it remains for as long as that keeps its archive.
 */
export async function clear(tx: Transaction, jid: string): Promise<ChatRow> {
  const before = await chatRow(tx, jid, 'direct');
  const all = IDBKeyRange.bound([jid, -Infinity], [jid, Infinity]);
  let last = await tx.objectStore('messages').index('order').openCursor(all, 'prev');
  while (last && last.value.stanzaId === undefined) last = await last.continue();
  const cleared = last?.value ?? before.preview;
  for (const key of await tx.objectStore('messages').index('order').getAllKeys(all)) await tx.objectStore('messages').delete(key);
  const named = IDBKeyRange.bound([jid, ''], [jid, '\uffff']);
  for (const key of await tx.objectStore('receipts').index('message').getAllKeys(named)) await tx.objectStore('receipts').delete(key);
  for (const key of await tx.objectStore('waiting').index('message').getAllKeys(named)) await tx.objectStore('waiting').delete(key);
  for (const key of await tx.objectStore('outbox').index('id').getAllKeys(named)) await tx.objectStore('outbox').delete(key);
  for (const file of await tx.objectStore('files').getAll()) if (file.chat === jid && file.n !== undefined) await tx.objectStore('files').delete(file.n);
  const chat: ChatRow = { ...before, unread: 0, mentioned: false, markedUnread: false, draft: '', complete: true };
  if (cleared) chat.cleared = { at: cleared.at, id: cleared.id };
  delete chat.lastKey;
  delete chat.preview;
  delete chat.unreadBefore;
  delete chat.displayed;
  delete chat.seen;
  delete chat.oldest;
  return chat;
}

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
    if (row.mine) continue;
    if (owed) {
      await tx.objectStore('outbox').add(compose.delivered(chat, crypto.randomUUID(), row.id));
      await cursor.update(row);
    }
    if (read || row.unread || row.raw !== undefined) continue;
    read = true;
    await tx.objectStore('outbox').add(compose.read(chat, crypto.randomUUID(), row));
  }
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
