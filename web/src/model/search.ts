import type { Database, MessageRow } from './db.ts';
import { folded } from './fold.ts';

const BATCH = 500;

export interface Search {
  text: string;
  /** Only in that chat. */
  chat?: string | undefined;
  /** Nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
  most: number;
}

/**
 * Newest first. Reads all there is where little is found, in batches, between which other work of the page runs and the search may
 * be given up: 50,000 messages take about a second and no word index grows with each message that comes.
 */
export async function search(db: Database, { text, chat, signal, most }: Search): Promise<MessageRow[]> {
  const wanted = folded(text.trim());
  const found: MessageRow[] = [];
  if (wanted === '') return found;
  for await (const rows of batches(db, chat)) {
    if (signal?.aborted) return [];
    for (const row of rows) {
      if (row.hidden || row.retracted || !matches(row, wanted)) continue;
      found.push(row);
      if (found.length >= most) return found;
    }
  }
  return found;
}

function matches(row: MessageRow, wanted: string): boolean {
  return folded(row.body).includes(wanted) || row.attachments.some((file) => folded(file.name).includes(wanted));
}

/** Rows, newest first, each once. */
async function* batches(db: Database, chat: string | undefined): AsyncGenerator<MessageRow[]> {
  const [name, low, high] = chat === undefined ? (['at', -Infinity, Infinity] as const) : (['order', [chat, -Infinity], [chat, Infinity]] as const);
  let upper: IDBValidKey = high as IDBValidKey;
  let before = false;
  for (;;) {
    const index = db.transaction('messages').store.index(name);
    const cursor = await index.openKeyCursor(IDBKeyRange.bound(low, upper, false, before), 'prev');
    if (!cursor) return;
    const further = await cursor.advance(BATCH);
    const lower: IDBValidKey = further ? further.key : (low as IDBValidKey);
    const rows = await index.getAll(IDBKeyRange.bound(lower, upper, false, before));
    yield rows.reverse();
    if (!further) return;
    upper = lower;
    before = true;
  }
}

export async function starred(db: Database): Promise<MessageRow[]> {
  const rows = await db.getAllFromIndex('messages', 'starred');
  return rows.filter((row) => !row.hidden && !row.retracted).sort((a, b) => b.at - a.at);
}
