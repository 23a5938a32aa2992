import { local } from '../xmpp/jid.ts';
import type { ChatRow, MessageRow, Transaction } from './db.ts';
import type { ChatKind } from './types.ts';

/** A chat's row, made where there is none. */
export async function chatRow(tx: Transaction, jid: string, kind: ChatKind): Promise<ChatRow> {
  const known = await tx.objectStore('chats').get(jid);
  if (known) return known;
  const contact = await tx.objectStore('contacts').get(jid);
  return emptyChat(jid, kind, contact?.name ?? contact?.nick ?? (local(jid) || jid));
}

/** A chat that nothing is known of. */
export function emptyChat(jid: string, kind: ChatKind, name: string): ChatRow {
  return {
    jid,
    kind,
    name,
    lastAt: 0,
    unread: 0,
    mentioned: false,
    markedUnread: false,
    pinned: false,
    muted: false,
    archived: false,
    draft: '',
    request: false,
    minOrder: 0,
    maxOrder: 0,
    complete: false,
  };
}

/** Puts a row at the newest or the oldest end of its chat, or at an order between, and keeps the chat's summary right. */
export async function place(tx: Transaction, chat: ChatRow, message: Omit<MessageRow, 'order'>, where: 'newest' | 'oldest' | number): Promise<MessageRow> {
  const order = where === 'newest' ? Math.floor(chat.maxOrder) + 1 : where === 'oldest' ? Math.ceil(chat.minOrder) - 1 : where;
  chat.maxOrder = Math.max(chat.maxOrder, order);
  chat.minOrder = Math.min(chat.minOrder, order);
  const row: MessageRow = { ...message, order };
  await tx.objectStore('messages').put(row);
  if (order === chat.maxOrder || !chat.lastKey) {
    chat.lastKey = row.key;
    chat.lastAt = row.at;
    delete chat.preview;
    delete chat.deleted;
  }
  if (row.unread) chat.unread++;
  return row;
}

/** The message that somebody means by an id: the archive's, else its sender's. */
export async function find(tx: Transaction, chat: string, archive: string, id: string): Promise<MessageRow | undefined> {
  const messages = tx.objectStore('messages');
  const archived = await messages.index('archive').get([archive, id]);
  return archived?.chat === chat ? archived : messages.index('id').get([chat, id]);
}

/** Everything up to that message counts as read. @returns whether anything was unread. */
export async function markRead(tx: Transaction, chat: ChatRow, upTo: MessageRow): Promise<boolean> {
  let changed = chat.markedUnread || chat.unreadBefore !== undefined;
  if (chat.markedUnread) chat.unsentSettings = true;
  // What is not here yet is older than everything that is.
  delete chat.unreadBefore;
  chat.markedUnread = false;
  let cursor = await tx.objectStore('messages').index('unread').openCursor([chat.jid, 1]);
  let left = 0;
  chat.mentioned = false;
  while (cursor) {
    if (cursor.value.order <= upTo.order) {
      const row = { ...cursor.value };
      delete row.unread;
      delete row.mention;
      await cursor.update(row);
      changed = true;
    } else {
      left++;
      chat.mentioned ||= cursor.value.mention === 1;
    }
    cursor = await cursor.continue();
  }
  chat.unread = left;
  return changed;
}

/** What happens in a chat brings it back into the list, on all devices. */
export function unarchive(chat: ChatRow): void {
  if (!chat.archived) return;
  chat.archived = false;
  chat.unsentSettings = true;
}

/** The message that a line about devices stands behind. */
export async function saidBefore(tx: Transaction, row: MessageRow | undefined): Promise<MessageRow | undefined> {
  if (!row?.notice) return row;
  let cursor = await tx.objectStore('messages').index('order').openCursor(IDBKeyRange.bound([row.chat, -Infinity], [row.chat, row.order]), 'prev');
  while (cursor?.value.notice) cursor = await cursor.continue();
  return cursor?.value;
}

/** What the server has counted as unread and the archive does not hold, or others have read meanwhile, is not unread. */
export function settleCount(chat: ChatRow): void {
  chat.unread -= chat.unreadBefore ?? 0;
  delete chat.unreadBefore;
}

/** Where nothing was known of a chat: what lies behind the position another device has read is unread, and only that. */
export async function unreadBehind(tx: Transaction, chat: ChatRow, account: string): Promise<boolean> {
  if (chat.displayed === undefined) return false;
  const archive = chat.kind === 'group' ? chat.jid : account;
  const target = await tx.objectStore('messages').index('archive').get([archive, chat.displayed]);
  if (target?.chat !== chat.jid) return false;
  let changed = await markRead(tx, chat, target);
  let cursor = await tx.objectStore('messages').index('order').openCursor(IDBKeyRange.bound([chat.jid, target.order], [chat.jid, Infinity], true));
  while (cursor) {
    if (!cursor.value.mine && !cursor.value.unread && !cursor.value.notice) {
      await cursor.update({ ...cursor.value, unread: 1 });
      chat.unread++;
      changed = true;
    }
    cursor = await cursor.continue();
  }
  return changed;
}

/** The last message that is still shown, after one was hidden. */
export async function refreshLast(tx: Transaction, chat: ChatRow): Promise<void> {
  let cursor = await tx.objectStore('messages').index('order').openCursor(IDBKeyRange.bound([chat.jid, -Infinity], [chat.jid, Infinity]), 'prev');
  while (cursor?.value.hidden || cursor?.value.notice) cursor = await cursor.continue();
  if (cursor) {
    chat.lastKey = cursor.value.key;
    chat.lastAt = cursor.value.at;
  } else {
    delete chat.lastKey;
  }
}

/** Takes what is sent out of the outbox. */
export async function unqueue(tx: Transaction, chat: string, id: string): Promise<void> {
  for (const seq of await tx.objectStore('outbox').index('id').getAllKeys([chat, id])) await tx.objectStore('outbox').delete(seq);
}
