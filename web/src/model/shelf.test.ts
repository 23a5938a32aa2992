import 'fake-indexeddb/auto';
import { Blob as NodeBlob } from 'node:buffer';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDatabase, type Database } from './db.ts';
import { answered } from './housekeeping.ts';
import { attach, type Who } from './sending.ts';
import { fetchKept, keep, makeRoom } from './shelf.ts';
import type { FileToSend } from './types.ts';

globalThis.Blob = NodeBlob as unknown as typeof Blob;

const blob = (size: number): Blob => new Blob(['x'.repeat(size)]);
const file = (size: number): FileToSend => ({ blob: blob(size), kind: 'file', name: 'a.bin', type: 'application/octet-stream' });
const who = (): Who => ({ db, account: 'romeo@example.org', now: () => 1, answered });
const full = (): never => {
  throw new DOMException('full', 'QuotaExceededError');
};
let db: Database;

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  db = await openDatabase('romeo@example.org');
});

afterEach(() => {
  vi.restoreAllMocks();
  db.close();
});

describe('the files that are kept', () => {
  it('are bounded, and the one that nobody has looked at for the longest time goes first', async () => {
    for (const [at, id] of ['a', 'b', 'c', 'd'].entries()) await keep(db, id, blob(30), at, 100);
    expect(await db.getAllKeys('media')).toEqual(['b', 'c', 'd']);
    expect((await fetchKept(db, 'b', 10 * 24 * 3600 * 1000))?.size).toBe(30);
    await keep(db, 'e', blob(30), 20 * 24 * 3600 * 1000, 100);
    expect(await db.getAllKeys('media')).toEqual(['b', 'd', 'e']);
  });

  it('make room, and what waits to be sent never does', async () => {
    await keep(db, 'a', blob(50), 1);
    await attach(who(), 'juliet@example.org', [file(50)], '');
    await makeRoom(db, 1_000_000);
    expect(await db.count('media')).toBe(0);
    expect(await db.count('files')).toBe(1);
  });
});

describe('a device without room', () => {
  it('lets go of what can be fetched again, and takes the file', async () => {
    await keep(db, 'a', blob(50), 1);
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementationOnce(full);
    await attach(who(), 'juliet@example.org', [file(10)], 'about it');
    expect(await db.count('media')).toBe(0);
    expect(await db.count('files')).toBe(1);
    expect(await db.count('messages')).toBe(2);
  });

  it('says so when that is not enough, and has taken nothing', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(full);
    await expect(attach(who(), 'juliet@example.org', [file(10), file(10)], 'both')).rejects.toMatchObject({ reason: 'no-room' });
    expect(await db.count('messages')).toBe(0);
    expect(await db.count('files')).toBe(0);
  });

  it('says when a file cannot be read', async () => {
    const gone = { ...file(1), blob: { size: 1, slice: () => gone.blob, arrayBuffer: () => Promise.reject(new Error('gone')) } as unknown as Blob };
    await expect(attach(who(), 'juliet@example.org', [gone], '')).rejects.toMatchObject({ reason: 'unreadable' });
    expect(await db.count('messages')).toBe(0);
  });
});
