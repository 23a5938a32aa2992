import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Doorway } from './doorway.ts';
import { keep } from './session.ts';

const ME = 'ayu@nyala.id';
const ROOM = 'rt05@rooms.nyala.id';
const asked = vi.fn();
let status = 200;

const doorway = (): Doorway =>
  new Doorway({
    me: { jid: ME },
    signIn: () => Promise.reject(new Error('nobody')),
    startChat: () => Promise.reject(new Error('nobody')),
    joinGroup: () => Promise.reject(new Error('nobody')),
    online: () => Promise.resolve(),
    ask: (method, options) => (asked(method, options), Promise.resolve({ page: `https://nyala.id/invite/${asked.mock.calls.length}`, code: '/code.svg', token: String(asked.mock.calls.length) })),
    people: { setName: () => Promise.resolve(undefined) },
  });

beforeEach(async () => {
  globalThis.indexedDB = new IDBFactory();
  asked.mockClear();
  status = 200;
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify({ app: 'xmpp:rt05@rooms.nyala.id?join', createsAccount: true }), { status })));
  await keep({ account: ME, deviceId: 'device' });
});
afterEach(() => { vi.unstubAllGlobals(); });

it('a link into a group is as its admin wants it, and ends no other unless that is wanted', async () => {
  await doorway().groupLink(ROOM, { uses: 10, hours: 24, approval: true });
  expect(asked).toHaveBeenLastCalledWith('link', { room: ROOM, uses: 10, hours: 24, approval: true, replaces: false });
  await doorway().groupLink(ROOM, { replaces: true });
  expect(asked).toHaveBeenLastCalledWith('link', { room: ROOM, uses: 100, hours: 168, approval: false, replaces: true });
});

it('the same link is shown again while it is good, and none that is not', async () => {
  expect(await doorway().lastGroupLink(ROOM)).toBeUndefined();
  const made = await doorway().groupLink(ROOM, { uses: 10 });
  expect(await doorway().lastGroupLink(ROOM)).toEqual(made);
  expect(await doorway().lastGroupLink('other@rooms.nyala.id')).toBeUndefined();
  status = 404;
  expect(await doorway().lastGroupLink(ROOM)).toBeUndefined();
  expect(asked).toHaveBeenCalledOnce();
});

it('a link is shown again where the server cannot be asked', async () => {
  const made = await doorway().groupLink(ROOM);
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  expect(await doorway().lastGroupLink(ROOM)).toEqual(made);
});
