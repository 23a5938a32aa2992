import type { Database, MediaRow } from './db.ts';

/** How many bytes of files that can be fetched again are kept. */
const MOST = 300 * 1024 * 1024;
const DAY = 24 * 60 * 60 * 1000;

export async function keep(db: Database, id: string, blob: Blob, now = Date.now(), most = MOST): Promise<void> {
  const row: MediaRow = { id, blob, size: blob.size, used: now };
  try {
    await db.put('media', row);
  } catch {
    // Full: what was not looked at for the longest time makes room. What still does not fit is shown all the same.
    await makeRoom(db, blob.size);
    await db.put('media', row).catch(() => undefined);
  }
  await trim(db, most);
}

export async function fetchKept(db: Database, id: string, now = Date.now()): Promise<Blob | undefined> {
  const row = await db.get('media', id);
  if (row && now - row.used > DAY) await db.put('media', { ...row, used: now }).catch(() => undefined);
  return row?.blob;
}

/** Lets go of at least `bytes`, where there are so many, the oldest first; never of what waits to be sent. */
export async function makeRoom(db: Database, bytes: number): Promise<void> {
  let freed = 0;
  await each(db, (size) => {
    if (freed >= bytes) return false;
    freed += size;
    return true;
  });
}

async function trim(db: Database, most: number): Promise<void> {
  let total = 0;
  // The index holds the sizes, so that counting opens no file.
  let cursor = await db.transaction('media').store.index('used').openKeyCursor();
  while (cursor) {
    total += cursor.key[1];
    cursor = await cursor.continue();
  }
  if (total > most) await makeRoom(db, total - most * 0.9);
}

/** Deletes from the oldest on as long as `goes` says so. */
async function each(db: Database, goes: (size: number) => boolean): Promise<void> {
  const tx = db.transaction('media', 'readwrite');
  let cursor = await tx.store.index('used').openKeyCursor();
  while (cursor && goes(cursor.key[1])) {
    await tx.store.delete(cursor.primaryKey);
    cursor = await cursor.continue();
  }
  await tx.done;
}
