import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { ScriptedServer, until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { foundIn } from './fold.ts';
import { look } from './lookalike.ts';
import { bodies, JULIET, named, ROMEO, Scene, text } from './testing.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
  server.inbox = true;
});

afterEach(() => {
  vi.restoreAllMocks();
  scene.end();
});

const fills = (count: number): void => {
  for (let i = 0; i < count; i++) server.keep(ROMEO, text(JULIET, ROMEO, `juliet-said-number-${i}`, `m${i}`));
};
const sent = (): Element[] => server.stanzas.filter((stanza) => stanza.localName === 'message' && child(stanza, 'body', NS.client));
const tells = (what: 'received' | 'displayed', ns: string): (string | undefined)[] => server.stanzas.flatMap((stanza) => (child(stanza, what, ns) ? [attribute(child(stanza, what, ns), 'id')] : []));

describe('a message anywhere', () => {
  it('is reached at the server by what others call it, with what stands around it', async () => {
    fills(400);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => chat.messages.length > 0);
    expect(await chat.reach('juliet-said-number-100')).toBe(true);
    expect(bodies(chat)).toEqual(Array.from({ length: 90 }, (_, i) => `m${i + 55}`));
    expect([chat.atNewest, chat.atOldest]).toEqual([false, false]);
    while (!chat.atNewest) await chat.newer();
    expect(bodies(chat).at(-1)).toBe('m399');
  });

  it('is not there when nobody has it, and nothing moves', async () => {
    fills(120);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => chat.messages.length > 0);
    const before = bodies(chat).at(-1);
    expect(await chat.reach('never-said')).toBe(false);
    expect(bodies(chat).at(-1)).toBe(before);
  });
});

describe('search', () => {
  it('finds without regard to case and accents, newest first, in all chats or one', async () => {
    for (const [i, body] of ['José', 'jose and more', 'nothing'].entries()) server.keep(ROMEO, text(JULIET, ROMEO, `id-of-message-${i}`, body));
    server.keep(ROMEO, text('nurse@example.org', ROMEO, 'id-of-nurse', 'JOSÉ too'));
    const { model } = await scene.signedIn();
    await until(async () => (await model.search('nothing')).length === 1);
    await until(async () => (await model.search('jose')).length === 3);
    expect((await model.search('jose')).map((message) => message.body)).toEqual(['JOSÉ too', 'jose and more', 'José']);
    expect((await model.search('jose', { chat: JULIET })).map((message) => message.body)).toEqual(['jose and more', 'José']);
  });

  it('reads everything where it must, in batches, and stops when it is given up', async () => {
    await scene.signedIn();
    const { model } = scene.load();
    model.close();
    const db = await openDatabase(ROMEO);
    const tx = db.transaction('messages', 'readwrite');
    for (let i = 0; i < 1700; i++) {
      void tx.store.put({ key: `k${i}`, chat: JULIET, id: `k${i}`, archive: ROMEO, sender: JULIET, senderName: '', mine: false, at: 5 + Math.floor(i / 3), order: i + 1, body: i === 3 ? 'needle' : `straw ${i}`, state: 'safe', reactions: {}, attachments: [], encrypted: 'none' });
    }
    await tx.done;
    const { search } = await import('./search.ts');
    expect((await search(db, { text: 'needle', most: 100 })).map((row) => row.key)).toEqual(['k3']);
    expect((await search(db, { text: 'straw', chat: JULIET, most: 5000 })).map((row) => row.order)).toEqual(Array.from({ length: 1700 }, (_, i) => 1700 - i).filter((order) => order !== 4));
    const reads = vi.spyOn(IDBIndex.prototype, 'getAll');
    const given = new AbortController();
    const running = search(db, { text: 'needle', most: 100, signal: given.signal });
    given.abort();
    expect(await running).toEqual([]);
    expect(reads).toHaveBeenCalledTimes(1);
    db.close();
  });

  it('says where it stands in the text that is shown', () => {
    expect(foundIn('Straße nach José', 'jose')).toEqual([12, 16]);
    expect(foundIn('a👨‍👩‍👧b', 'B')).toEqual([9, 10]);
    expect(foundIn('aXbx', 'x', 2)).toEqual([3, 4]);
    expect(foundIn('abc', 'd')).toBeNull();
    expect(foundIn('abc', '')).toBeNull();
  });
});

describe('forwarding', () => {
  it('sends marked copies that say nothing of who wrote it', async () => {
    fills(2);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 2);
    await model.forward(chat.messages.map((message) => message.key).reverse(), ['nurse@example.org', ROMEO]);
    await until(() => sent().length === 4);
    expect(sent().map((stanza) => [attribute(stanza, 'to'), child(stanza, 'body', NS.client)?.textContent, child(stanza, 'forwarded', NS.forwardedMark) !== undefined])).toEqual([
      ['nurse@example.org', 'm0', true], ['nurse@example.org', 'm1', true], [ROMEO, 'm0', true], [ROMEO, 'm1', true],
    ]);
    expect(sent().some((stanza) => new XMLSerializer().serializeToString(stanza).includes(JULIET))).toBe(false);
    expect(model.open('nurse@example.org').chat.last?.forwarded).toBe(true);
  });

  it('is recognised when others do it', async () => {
    const { model } = await scene.signedIn();
    server.deliver('a-message-of-julia', 'passed on', `<forwarded xmlns='${NS.forwardedMark}'/>`);
    await until(() => model.chats[0]?.last?.forwarded === true);
  });
});

describe('a chat that is cleared', () => {
  it('stays empty here, also after a reload, and shows what comes later', async () => {
    fills(200);
    const before = await scene.signedIn();
    await until(() => before.model.open(JULIET).chat.last?.body === 'm199');
    await before.model.clearChat(JULIET);
    const after = await scene.reloaded(before);
    const chat = after.model.open(JULIET);
    await chat.older();
    expect([bodies(chat), chat.atOldest]).toEqual([[], true]);
    server.deliver('a-later-message', 'later');
    await until(() => bodies(chat).join() === 'later');
    await chat.older();
    expect(bodies(chat)).toEqual(['later']);
  });

  it('is not filled by an archive that lost its ids and is read again', async () => {
    fills(3);
    const before = await scene.signedIn();
    await until(() => before.model.chats.length === 1);
    await before.model.clearChat(JULIET);
    before.model.close();
    for (const entry of server.archives.get(ROMEO) ?? []) entry.id = `restored-${entry.id}`;
    server.keep(ROMEO, text('nurse@example.org', ROMEO, 'nurse-was-here-too', 'hello'));
    const after = await scene.reloaded(before);
    await until(() => after.model.chats.some((chat) => chat.jid === 'nurse@example.org'));
    const db = await openDatabase(ROMEO);
    expect((await db.getAll('messages')).map((row) => row.chat)).toEqual(['nurse@example.org']);
    db.close();
  });

  it('leaves the list when it is deleted, until something new comes', async () => {
    fills(3);
    const { model } = await scene.signedIn();
    await until(() => model.chats.length === 1);
    await model.deleteChat(JULIET);
    expect(model.chats).toEqual([]);
    server.deliver('a-later-message', 'later');
    await until(() => model.chats[0]?.last?.body === 'later');
  });

  it('sends no more what was waiting in it', async () => {
    const { model } = await scene.signedIn();
    server.down = true;
    server.socket.cut();
    const chat = model.open(JULIET);
    await chat.send('never mind');
    expect(await model.unsent()).toBe(1);
    await model.clearChat(JULIET);
    expect(await model.unsent()).toBe(0);
  });
});

describe('a stranger', () => {
  it('learns nothing before being accepted, and then that all was delivered and what was looked at is read', async () => {
    const { model } = await scene.signedIn();
    await until(() => model.catchingUp === null);
    for (const id of ['first-of-juliet-1', 'first-of-juliet-2']) server.deliver(id, id, `<request xmlns='${NS.receipts}'/><markable xmlns='${NS.markers}'/>`);
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 2 && model.chats[0]?.request === true);
    chat.read(chat.messages[0]?.key ?? '');
    await until(() => model.chats[0]?.unread === 1);
    expect([tells('received', NS.receipts), tells('displayed', NS.markers)]).toEqual([[], []]);
    await model.startChat(JULIET);
    await until(() => tells('received', NS.receipts).length === 2);
    expect(tells('received', NS.receipts).sort()).toEqual(['first-of-juliet-1', 'first-of-juliet-2']);
    await until(() => tells('displayed', NS.markers).length === 1);
    expect(tells('displayed', NS.markers)).toEqual(['first-of-juliet-1']);
    expect(model.chats[0]?.request).toBeUndefined();
  });

  it('is accepted by an answer, also where the request is older than this device', async () => {
    server.keep(ROMEO, text(JULIET, ROMEO, 'first-of-juliet-1', 'hi', `<request xmlns='${NS.receipts}'/>`));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 1);
    await until(() => model.chats[0]?.request === true);
    await model.open(JULIET).send('hello');
    await until(() => tells('received', NS.receipts).length === 1);
  });

  it('learns by an answer of nothing that was not looked at', async () => {
    const { model } = await scene.signedIn();
    server.deliver('first-of-juliet-1', 'hi', `<request xmlns='${NS.receipts}'/><markable xmlns='${NS.markers}'/>`);
    await until(() => model.chats[0]?.request === true);
    await model.open(JULIET).send('who are you?');
    await until(() => tells('received', NS.receipts).length === 1);
    expect([model.chats[0]?.unread, tells('displayed', NS.markers)]).toEqual([1, []]);
  });

  it('is shown with what is known: where they are, how much they wrote, and whom they look like', async () => {
    const { model } = await scene.signedIn();
    server.tell(`<iq xmlns='${NS.client}' type='set' id='push'><query xmlns='${NS.roster}'><item jid='ayu@example.org' name='Ayu Lestari' subscription='both'/></query></iq>`);
    server.tell(text('ayu1estari@promo.example', ROMEO, 'i-am-ayu-trust-me', 'hi'));
    await until(() => model.chats.length === 1);
    expect(await model.stranger('ayu1estari@promo.example')).toEqual({ sameServer: false, groups: [], messages: 1, more: true, like: 'Ayu Lestari' });
  });

  it.each([['Ayu Lestari', 'Аyu Lestаri'], ['modern', 'rnodern'], ['paul', 'pau1'], ['Zoë', 'zoe']])('%s looks like %s', (one, other) => expect(look(one)).toBe(look(other)));
  it('does not look like everybody', () => expect(look('Budi')).not.toBe(look('Budiman')));
});

describe('when it cannot be kept', () => {
  it('says so instead of pretending, and keeps nothing half', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    vi.spyOn(IDBObjectStore.prototype, 'add').mockImplementation(() => { throw new DOMException('full', 'QuotaExceededError'); });
    await expect(chat.send('hello')).rejects.toMatchObject({ name: 'QuotaExceededError' });
    vi.restoreAllMocks();
    await chat.toNewest();
    expect([bodies(chat), sent()]).toEqual([[], []]);
    const troubles: unknown[] = [];
    model.onTrouble = (error) => troubles.push(error);
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => { throw new DOMException('full', 'QuotaExceededError'); });
    model.setPinned(JULIET, true);
    await until(() => troubles.length === 1);
  });

  it('takes the draft away in the same moment as it stores the message', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    chat.setDraft('hel');
    await chat.send('hello');
    expect(model.chats[0]).toMatchObject({ draft: '', last: { body: 'hello' } });
    expect(named(chat, 'hello')).toBeDefined();
  });
});

describe('leaving', () => {
  it('withdraws the token, then removes everything from this device', async () => {
    const { model } = await scene.signedIn();
    fills(3);
    await model.startChat(JULIET);
    await model.signOut();
    expect(model.me).toBeNull();
    const last = server.sockets.at(-1)?.received.find((element) => element.localName === 'authenticate');
    expect(attribute(child(last, 'fast', NS.fast), 'invalidate')).toBe('true');
    expect((await indexedDB.databases()).map((db) => db.name)).not.toContain(`nyala:${ROMEO}`);
    expect(await scene.load().model.restore()).toBe(false);
  });

  it('leaves nothing behind where the page goes while the server does not answer', async () => {
    let out = false;
    const silent = scene.load(() => (out ? new Promise(() => undefined) : Promise.resolve('ws://localhost/xmpp-websocket')));
    await silent.model.signIn(ROMEO, ScriptedServer.password);
    await silent.model.startChat(JULIET);
    out = true;
    void silent.model.signOut();
    await until(() => silent.model.me === null);
    silent.model.close();
    expect((await indexedDB.databases()).map((db) => db.name)).toContain(`nyala:${ROMEO}`);
    expect(await scene.load().model.restore()).toBe(false);
    await until(async () => !(await indexedDB.databases()).some((db) => db.name === `nyala:${ROMEO}`), 'the data to go');
    const again = await scene.signedIn();
    expect(again.model.chats).toEqual([]);
  });

  it('leaves alone who is signed in again, whatever was to be deleted', async () => {
    const before = await scene.signedIn();
    await before.model.startChat(JULIET);
    const marks = await openDB('nyala');
    await marks.put('session', ROMEO, `gone:${ROMEO}`);
    const after = await scene.reloaded(before);
    await until(async () => (await marks.get('session', `gone:${ROMEO}`)) === undefined, 'nothing to be left to delete');
    marks.close();
    expect(after.model.chats.map((chat) => chat.jid)).toEqual([JULIET]);
    await after.model.open(JULIET).send('still here');
  });

  it('keeps what was not sent when the server throws the device out', async () => {
    const before = await scene.reloaded(await scene.signedIn());
    server.down = true;
    server.socket.cut();
    await before.model.open(JULIET).send('not yet');
    server.token = 'withdrawn';
    server.down = false;
    before.nudge();
    await until(() => before.model.me === null);
    server.token = 'token';
    const after = await scene.signedIn();
    await until(() => sent().length === 1);
    expect(after.model.chats[0]?.last?.body).toBe('not yet');
  });
});

it('shows that chats are coming, not that there are none, until they have', async () => {
  fills(3);
  const before = await scene.signedIn();
  await until(() => before.model.catchingUp === null && before.model.chats.length === 1);
  before.model.close();
  // The browser has thrown the data away, not the session.
  indexedDB.deleteDatabase(`nyala:${ROMEO}`);
  server.down = true;
  const after = scene.load();
  expect(await after.model.restore()).toBe(true);
  expect([after.model.chats, after.model.catchingUp]).toEqual([[], 'fresh']);
  server.down = false;
  after.nudge();
  await until(() => after.model.catchingUp === null && after.model.chats.length === 1);
});
