// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Core } from './core.ts';
import { openOmemo } from './open.ts';
import { answer, type Call, type Reply } from './rpc.ts';
import { Device, MemoryStore } from './testing.ts';
import type { Changes, Omemo } from './types.ts';

/** A worker that may die before it answers. */
class FakeWorker {
  static readonly all: FakeWorker[] = [];
  static dying = false;
  onmessage: ((event: { data: Reply }) => void) | undefined;
  onerror: ((event: { message: string }) => void) | undefined;
  readonly url: URL;
  terminated = false;

  constructor(url: URL) {
    this.url = url;
    FakeWorker.all.push(this);
  }

  postMessage(message: Call): void {
    const call = structuredClone(message);
    if (FakeWorker.dying) queueMicrotask(() => this.onerror?.({ message: 'out of memory' }));
    else void answer(new Core(), call).then((data) => this.onmessage?.({ data: structuredClone(data) }));
  }

  terminate(): void {
    this.terminated = true;
  }
}

describe('the worker', () => {
  let store: MemoryStore;
  let omemo: Omemo;
  const commit = (_: unknown, changes: Changes): Promise<void> => {
    store.commit(changes);
    return Promise.resolve();
  };

  beforeEach(() => {
    vi.stubGlobal('Worker', FakeWorker);
    FakeWorker.all.length = 0;
    FakeWorker.dying = false;
    store = new MemoryStore();
    omemo = openOmemo(store);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('starts with the first operation, and serves the others', async () => {
    expect(FakeWorker.all).toHaveLength(0);
    const me = await omemo.create({ now: 0, taken: [] }, commit);
    expect(await omemo.own()).toEqual(me);
    expect(FakeWorker.all.map((each) => each.url.pathname.split('/').at(-1))).toEqual(['omemo.worker.ts']);
    omemo.close();
    expect(FakeWorker.all[0]?.terminated).toBe(true);
  });

  it('that dies fails what it was at, without effect, and the next operation has another', async () => {
    FakeWorker.dying = true;
    await expect(omemo.create({ now: 0, taken: [] }, commit)).rejects.toMatchObject({ name: 'OmemoError', kind: 'failed', detail: 'out of memory' });
    expect(store.revision).toBe(0);
    FakeWorker.dying = false;
    await omemo.create({ now: 0, taken: [] }, commit);
    expect(FakeWorker.all.map((each) => each.terminated)).toEqual([true, false]);
  });

  it('refuses what cannot be posted, and goes on', async () => {
    await omemo.create({ now: 0, taken: [] }, commit);
    const devices = [{ jid: 'x@nyala.example', device: 1, more: () => undefined }];
    await expect(omemo.encrypt({ devices, text: 'x' }, commit)).rejects.toMatchObject({ kind: 'failed' });
    expect((await omemo.encrypt({ devices: [], text: 'x' }, commit)).sealed.keys).toEqual([]);
  });

  it('brings the kinds of errors home', async () => {
    await expect(omemo.exportIdentity()).rejects.toMatchObject({ name: 'OmemoError', kind: 'no-identity' });
  });

  it('is not asked for devices that no database can name', async () => {
    await omemo.create({ now: 0, taken: [] }, commit);
    const other = await Device.of('budi@nyala.example');
    const read = vi.spyOn(store, 'read');
    const message = { from: other.jid, sid: Number.NaN, iv: new Uint8Array(12), keys: [] };
    expect((await omemo.decrypt({ now: 0, messages: [message], catchingUp: false }, commit)).outcomes).toMatchObject([{ ok: false, kind: 'malformed' }]);
    const bundles = [{ jid: other.jid, device: 0.5, bundle: (await other.me()).bundle }];
    expect((await omemo.start({ now: 0, bundles }, commit)).map((each) => each.kind)).toEqual(['malformed']);
    expect(read.mock.calls.flatMap(([wanted]) => wanted.sessions)).toEqual([]);
  });
});
