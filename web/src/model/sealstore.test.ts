import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { openDB } from 'idb';
import { beforeEach, expect, it } from 'vitest';
import { OmemoClient } from '../omemo/client.ts';
import { Core } from '../omemo/core.ts';
import { answer } from '../omemo/rpc.ts';
import { Device, seeded } from '../omemo/testing.ts';
import type { Changes } from '../omemo/types.ts';
import { emptyChat } from './chats.ts';
import { openDatabase, transact, type Database } from './db.ts';
import { commitChanges, sealStore, type News } from './sealstore.ts';

const ROMEO = 'romeo@example.org';
const JULIET = 'juliet@example.org';

let db: Database;
let news: News[];

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  news = [];
  db = await openDatabase(ROMEO);
});

function omemo(): OmemoClient {
  const core = new Core(seeded('store'));
  return new OmemoClient(sealStore(db), { run: async (call) => structuredClone(await answer(core, structuredClone(call))), close: () => undefined });
}

const commit = (_: unknown, changes: Changes): Promise<void> =>
  transact(db, 'strict', async (tx) => {
    news.push(...(await commitChanges(tx, changes)));
  });

it('adds its stores to a database of before', async () => {
  globalThis.indexedDB = new IDBFactory();
  const old = await openDB(`nyala:${ROMEO}`, 1, { upgrade: (made) => void made.createObjectStore('chats', { keyPath: 'jid' }) });
  await old.put('chats', emptyChat(JULIET, 'direct', 'Juliet'));
  old.close();
  const now = await openDatabase(ROMEO);
  expect((await now.get('chats', JULIET))?.name).toBe('Juliet');
  expect([...now.objectStoreNames]).toEqual(expect.arrayContaining(['omemo', 'sessions', 'devices', 'devicelists']));
});

it('keeps keys, sessions and devices, so that a page that is loaded again goes on', async () => {
  const juliet = await Device.of(JULIET, seeded('juliet'));
  const me = await omemo().create({ now: 1, taken: [] }, commit);
  await omemo().start({ now: 1, bundles: [{ ...(await juliet.address()), bundle: (await juliet.me()).bundle }] }, commit);
  for (const text of ['one', 'two']) {
    const { sealed } = await omemo().encrypt({ devices: [await juliet.address()], text }, commit);
    expect(await juliet.hear({ ...sealed, from: ROMEO })).toBe(text);
  }
  expect((await omemo().own())?.device).toBe(me.device);
  expect(await db.count('sessions')).toBe(1);
  expect((await db.getAll('devices'))[0]).toMatchObject({ jid: JULIET, trust: 'blind' });
});

it('leaves nothing of a transaction that finds another revision', async () => {
  await omemo().create({ now: 1, taken: [] }, commit);
  const stale = transact(db, 'strict', async (tx) => {
    await tx.objectStore('meta').put('text', 'what was read');
    await commitChanges(tx, { revision: 0, own: new Uint8Array([1]), sessions: [], devices: [], gone: [] });
  });
  await expect(stale).rejects.toThrow('Another tab');
  expect(await db.get('meta', 'what was read')).toBeUndefined();
  expect(await omemo().own()).toBeDefined();
});

it('tells of a person\'s second device and of another key, not of the first', async () => {
  const row = (device: number, fill: number): Changes['devices'][number] => ({ jid: JULIET, device, identity: new Uint8Array(32).fill(fill), trust: 'blind', firstSeen: 1 });
  const write = (revision: number, ...devices: Changes['devices']): Promise<void> => commit(undefined, { revision, devices, sessions: [], gone: [] });
  await write(0, row(1, 1));
  expect(news).toEqual([]);
  await write(1, row(1, 1), row(2, 2));
  expect(news).toEqual([{ kind: 'new-device', jid: JULIET, device: 2, verified: false }]);
  await write(2, { ...row(1, 9), changedFrom: row(1, 1).identity });
  expect(news.at(-1)).toEqual({ kind: 'changed-key', jid: JULIET, device: 1, verified: false });
});

it('forgets devices with their sessions', async () => {
  await commit(undefined, { revision: 0, devices: [{ jid: JULIET, device: 1, identity: new Uint8Array(32), trust: 'blind', firstSeen: 1 }], sessions: [{ jid: JULIET, device: 1, record: new Uint8Array(1) }], gone: [] });
  await omemo().create({ now: 1, taken: [] }, commit);
  await omemo().forget([{ jid: JULIET, device: 1 }], commit);
  expect(await db.count('sessions') + (await db.count('devices'))).toBe(0);
});
