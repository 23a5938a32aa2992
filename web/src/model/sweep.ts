import { deleteDB } from 'idb';
import { using, type Kept } from './session.ts';

/** Deletes what is left of accounts that were signed out. Whoever opens the same again gets it empty: deleting began before. */
export const sweep = (): Promise<unknown> =>
  using(async (db) => {
    for (const key of await db.getAllKeys('session', IDBKeyRange.bound('gone:', 'gone:\uffff'))) {
      const account = String(await db.get('session', key));
      if (account !== ((await db.get('session', 'current')) as Kept | undefined)?.account) await deleteDB(`nyala:${account}`);
      await db.delete('session', key);
    }
  });
