import type { Address, Changes, DeviceRow, SessionRow, State, Store } from '../omemo/types.ts';
import { transact, type Database, type Transaction } from './db.ts';

const REVISION = 'revision';
const OWN = 'own';

/** What OMEMO reads, from the account's database. */
export function sealStore(db: Database): Store {
  return {
    async read(wanted): Promise<State> {
      const tx = db.transaction(['omemo', 'sessions', 'devices']);
      const own = (await tx.objectStore('omemo').get(OWN)) as Uint8Array | undefined;
      const sessions = await Promise.all(wanted.sessions.map(({ jid, device }) => tx.objectStore('sessions').get([jid, device])));
      const devices = await Promise.all(wanted.jids.map((jid) => tx.objectStore('devices').getAll(ofPerson(jid))));
      const revision = ((await tx.objectStore('omemo').get(REVISION)) as number | undefined) ?? 0;
      await tx.done;
      return { revision, ...(own ? { own } : {}), sessions: sessions.filter((row): row is SessionRow => row !== undefined), devices: devices.flat() };
    },
  };
}

export const ofPerson = (jid: string): IDBKeyRange => IDBKeyRange.bound([jid, 0], [jid, Infinity]);

/** Somebody who has devices has another one, or one of them another key. */
export interface News {
  kind: 'new-device' | 'changed-key';
  jid: string;
  device: number;
  verified: boolean;
}

/**
 * Writes what an operation has changed, in the transaction that holds what came of it.
 * @returns what is to be said of it.
 * @throws Error when another tab has changed it since: then nothing of the transaction may stand.
 */
export async function commitChanges(tx: Transaction, changes: Changes): Promise<News[]> {
  const omemo = tx.objectStore('omemo');
  if (((await omemo.get(REVISION)) ?? 0) !== changes.revision) throw new Error('Another tab has changed the keys.');
  await omemo.put(changes.revision + 1, REVISION);
  if (changes.own) await omemo.put(changes.own, OWN);
  const news: News[] = [];
  for (const row of changes.devices) {
    const found = await newsOf(tx, row);
    if (found) news.push(found);
  }
  for (const row of changes.devices) await tx.objectStore('devices').put(row);
  for (const row of changes.sessions) await tx.objectStore('sessions').put(row);
  for (const gone of changes.gone) await forget(tx, gone);
  return news;
}

async function newsOf(tx: Transaction, row: DeviceRow): Promise<News | undefined> {
  const { jid, device } = row;
  const person = await tx.objectStore('devices').getAll(ofPerson(jid));
  const before = person.find((each) => each.device === device);
  const verified = person.some((each) => each.trust === 'verified');
  if (!before) return person.length > 0 ? { kind: 'new-device', jid, device, verified } : undefined;
  const same = before.identity.every((byte, at) => byte === row.identity[at]);
  return same ? undefined : { kind: 'changed-key', jid, device, verified: before.trust === 'verified' };
}

async function forget(tx: Transaction, { jid, device }: Address): Promise<void> {
  await tx.objectStore('sessions').delete([jid, device]);
  await tx.objectStore('devices').delete([jid, device]);
}

/** It is sent as it is, now and whenever it is sent again. */
export function inTheClear(db: Database, seq: number): Promise<{ xml: string } | 'gone'> {
  return transact(db, 'default', async (tx) => {
    const kept = await tx.objectStore('outbox').get(seq);
    if (!kept) return 'gone';
    delete kept.seal;
    await tx.objectStore('outbox').put(kept);
    return kept;
  });
}
