import 'fake-indexeddb/auto';
import { Blob as NodeBlob } from 'node:buffer';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openDatabase, type Database } from './db.ts';
import { attach } from './sending.ts';
import { fetchKept, keep, makeRoom } from './shelf.ts';
import { fileAddress } from './transfer.ts';
import type { FileToSend } from './types.ts';

globalThis.Blob = NodeBlob as unknown as typeof Blob;

const blob = (size: number): Blob => new Blob(['x'.repeat(size)]);
const file = (size: number): FileToSend => ({ blob: blob(size), kind: 'file', name: 'a.bin', type: 'application/octet-stream' });
const who = (): { db: Database; account: string; now: () => number } => ({ db, account: 'romeo@example.org', now: () => 1 });
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

describe('where files are fetched', () => {
  const at = (url: string, here: string): string => fileAddress(url, new URL(here));
  it('is our own server directly, also by another name of this machine', () => {
    expect(at('https://nyala.id/files/1/a.jpg', 'https://nyala.id/')).toBe('https://nyala.id/files/1/a.jpg');
    expect(at('http://127.0.0.1:5280/files/1/a.jpg', 'http://localhost:5280/#/chat/x')).toBe('http://localhost:5280/files/1/a.jpg');
  });
  it('is the address of the slot for what is sent, whatever name our server has for files', () => {
    expect(fileAddress('https://files.nyala.id/1/a.jpg', new URL('https://nyala.id/'), true)).toBe('https://files.nyala.id/1/a.jpg');
  });
  it('is a way through our own server for all others', () => {
    expect(at('https://other.example/a.jpg?x=1&y=2', 'https://nyala.id/')).toBe('https://nyala.id/media?url=https%3A%2F%2Fother.example%2Fa.jpg%3Fx%3D1%26y%3D2');
    expect(at('http://127.0.0.1:9999/x', 'http://localhost:5280/')).toBe('http://localhost:5280/media?url=http%3A%2F%2F127.0.0.1%3A9999%2Fx');
  });
});
