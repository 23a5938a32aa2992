import { chatRow } from './chats.ts';
import { transact, type ChatRow, type Database, type Transaction } from './db.ts';

export const clearChat = (db: Database, jid: string): Promise<void> =>
  transact(db, 'strict', async (tx) => void (await tx.objectStore('chats').put(await clear(tx, jid))));

export const deleteChat = (db: Database, jid: string): Promise<void> =>
  transact(db, 'strict', async (tx) => {
    const chat = await clear(tx, jid);
    if (chat.pinned || chat.archived) chat.unsentSettings = true;
    await tx.objectStore('chats').put({ ...chat, deleted: true, request: false, pinned: false, archived: false });
  });

/**
 * Takes everything of a chat away from this device. It stays away: its history is not fetched again, and what the archive should
 * bring once more is not taken up to the last message that is known to be in it. At the server it remains for as long as that keeps its archive.
 */
async function clear(tx: Transaction, jid: string): Promise<ChatRow> {
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
