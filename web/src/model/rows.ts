import type { ConversationSource } from './conversation.svelte.ts';
import type { Database, MessageRow } from './db.ts';

/** Rows of a chat that are shown, in order. */
export async function rowsOf(
  db: Database, jid: string, range: Parameters<ConversationSource['rows']>[0], limit: number, newestFirst: boolean,
): Promise<MessageRow[]> {
  const lower = range.after ?? range.from ?? -Infinity;
  const upper = range.before ?? range.to ?? Infinity;
  const bounds = IDBKeyRange.bound([jid, lower], [jid, upper], range.after !== undefined, range.before !== undefined);
  const rows: MessageRow[] = [];
  let cursor = await db.transaction('messages').store.index('order').openCursor(bounds, newestFirst ? 'prev' : 'next');
  while (cursor && rows.length < limit) {
    if (!cursor.value.hidden) rows.push(cursor.value);
    cursor = await cursor.continue();
  }
  return rows;
}

/** The place of a message that is here, by its key or by what others call it. */
export async function orderOf(db: Database, jid: string, keyOrId: string): Promise<number | undefined> {
  const here = (row: MessageRow | undefined): number | undefined => (row?.chat === jid && !row.hidden ? row.order : undefined);
  const messages = db.transaction('messages').store;
  const named = here(await messages.get(keyOrId)) ?? here(await messages.index('id').get([jid, keyOrId]));
  if (named !== undefined) return named;
  const archive = (await messages.index('order').openCursor(IDBKeyRange.bound([jid, -Infinity], [jid, Infinity])))?.value.archive;
  return archive === undefined ? undefined : here(await messages.index('archive').get([archive, keyOrId]));
}
