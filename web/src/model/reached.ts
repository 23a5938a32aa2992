import type { ChatRow, MessageRow, Transaction } from './db.ts';

/** Its place in the archive is not known. */
export const UNPLACED = Infinity;

/** Between the places of a chat, so that messages which reach the archive one after the other stay in that order. */
const STEP = 2 ** -20;

/** Late ones that are looked at whenever somebody reads; older ones wait for a marker of their own. */
const MOST_LATE = 200;
const MOST_LATE_OF_GROUP = 20;

/**
 * A message of ours is in the archive now, behind everything of the chat that is here and before whatever comes. It is shown
 * where it was written; for what others have read, only this counts.
 */
export function settlePlace(chat: ChatRow, row: MessageRow): void {
  delete row.reached;
  const last = Math.max(chat.reached ?? -Infinity, chat.maxOrder);
  if (last <= row.order) return;
  row.reached = chat.reached = last + STEP;
  const others = (chat.late ?? []).filter((key) => key !== row.key);
  chat.late = [...others, row.key].slice(chat.kind === 'group' ? -MOST_LATE_OF_GROUP : -MOST_LATE);
}

/**
 * What of ours somebody has read who has read `target`: that, and all that was before it in the archive (XEP-0333 §4.1). Stops at
 * the first that was known to be read.
 */
export async function readWith(tx: Transaction, chat: ChatRow, target: MessageRow, known: (row: MessageRow) => boolean): Promise<MessageRow[]> {
  const place = target.reached ?? target.order;
  const rows = target.mine ? [target] : [];
  if (place === UNPLACED) return rows;
  const range = IDBKeyRange.bound([chat.jid, -Infinity], [chat.jid, place]);
  let cursor = await tx.objectStore('messages').index('order').openCursor(range, 'prev');
  for (; cursor; cursor = await cursor.continue()) {
    const row = cursor.value;
    if (!row.mine || row.key === target.key) continue;
    if (known(row)) break;
    if (row.reached === undefined && hasLeft(row)) rows.push(row);
  }
  for (const key of chat.late ?? []) {
    const row = key === target.key ? undefined : await tx.objectStore('messages').get(key);
    if (row && hasLeft(row) && row.reached !== undefined && row.reached <= place) rows.push(row);
  }
  return rows;
}

/** A message that has not even reached the server, or was refused, was not read by anybody. */
const hasLeft = (row: MessageRow): boolean => row.state !== 'sending' && row.state !== 'failed';
