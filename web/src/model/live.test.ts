import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { bodies, fromJuliet, JULIET, named, ROMEO, Scene, text } from './testing.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
});

afterEach(() => scene.end());

const sent = (): Element[] => server.stanzas.filter((stanza) => child(stanza, 'body', NS.client));
const sentBodies = (): (string | undefined)[] => sent().map((stanza) => child(stanza, 'body', NS.client)?.textContent);

describe('signing in', () => {
  it('says when the password is wrong, and keeps nothing', async () => {
    const { model } = scene.load();
    await expect(model.signIn(ROMEO, 'wrong')).rejects.toMatchObject({ reason: 'refused' });
    expect(await model.restore()).toBe(false);
  });

  it('goes on after a reload, with a token and without the password', async () => {
    const again = await scene.reloaded(await scene.signedIn());
    expect(again.model.me?.jid).toBe(ROMEO);
    expect(attribute(server.socket.received.find((element) => element.localName === 'authenticate'), 'mechanism')).toBe('HT-SHA-256-NONE');
  });

  it('ends with the token', async () => {
    const before = await scene.signedIn();
    server.token = 'withdrawn';
    before.model.close();
    const after = scene.load();
    await after.model.restore();
    await until(() => after.model.me === null, 'being signed out');
  });
});

describe('sending', () => {
  it('shows a message before anything is sent, and its ticks by what happened and nothing else', async () => {
    const { model } = await scene.signedIn();
    server.acknowledges = false;
    const chat = model.open(JULIET);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.state === 'sending', 'the clock');
    await until(() => sent().length === 1);
    expect(named(chat, 'hello')?.state).toBe('sending');
    server.tell(`<a xmlns='${NS.sm}' h='${server.handled}'/>`);
    await until(() => named(chat, 'hello')?.state === 'safe', 'one tick');
    const id = attribute(sent()[0], 'id') ?? '';
    server.tell(fromJuliet(`<received xmlns='${NS.receipts}' id='${id}'/>`));
    await until(() => named(chat, 'hello')?.state === 'delivered', 'two ticks');
    server.tell(fromJuliet(`<displayed xmlns='${NS.markers}' id='${id}'/>`));
    await until(() => named(chat, 'hello')?.state === 'read', 'blue ticks');
    server.tell(fromJuliet(`<received xmlns='${NS.receipts}' id='${id}'/>`));
    server.tell(fromJuliet('<body>afterwards</body>'));
    await until(() => named(chat, 'afterwards') !== undefined);
    expect(named(chat, 'hello')?.state).toBe('read');
  });

  it('fails by an error stanza only, and is sent again as a new message', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.state === 'safe');
    const id = attribute(sent()[0], 'id') ?? '';
    server.tell(`<message xmlns='${NS.client}' type='error' from='${JULIET}' id='${id}'><error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error></message>`);
    await until(() => named(chat, 'hello')?.state === 'failed');
    expect(named(chat, 'hello')?.error).toBe('error.service-unavailable');
    chat.retry(named(chat, 'hello')?.key ?? '');
    await until(() => named(chat, 'hello')?.state === 'safe');
    expect(sent()).toHaveLength(2);
    expect(attribute(sent()[1], 'id')).not.toBe(id);
  });

  it('keeps what was written without a connection, also over a reload, and sends it in order', async () => {
    const before = await scene.signedIn();
    server.down = true;
    server.socket.cut();
    const chat = before.model.open(JULIET);
    for (const body of ['one', 'two', 'three']) chat.send(body);
    await until(() => bodies(chat).length === 3);
    before.model.close();
    server.down = false;
    const after = scene.load();
    await after.model.restore();
    const again = after.model.open(JULIET);
    await until(() => again.messages.length === 3 && again.messages.every((message) => message.state === 'safe'));
    expect(sentBodies()).toEqual(['one', 'two', 'three']);
  });

  it('sends the same message under the same id when nobody knows whether it arrived', async () => {
    const before = await scene.signedIn();
    await until(() => server.queries === 3, 'the end of catching up');
    server.acknowledges = false;
    before.model.open(JULIET).send('hello');
    await until(() => sent().length === 1);
    server.archives.clear();
    server.acknowledges = true;
    const after = await scene.reloaded(before);
    await until(() => sent().length === 2);
    expect(attribute(sent()[0], 'id')).toBe(attribute(sent()[1], 'id'));
    const chat = after.model.open(JULIET);
    await until(() => named(chat, 'hello')?.state === 'safe');
    expect(chat.messages).toHaveLength(1);
  });

  it('knows a message again in the archive, and sends it no second time', async () => {
    const before = await scene.signedIn();
    server.acknowledges = false;
    before.model.open(JULIET).send('hello');
    await until(() => sent().length === 1);
    before.model.close();
    server.acknowledges = true;
    const after = scene.load();
    await after.model.restore();
    const chat = after.model.open(JULIET);
    await until(() => named(chat, 'hello')?.state === 'safe');
    expect(chat.messages).toHaveLength(1);
    expect(named(chat, 'hello')?.stanzaId).toBeDefined();
  });

  it('resumes after a cut, with nothing twice', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    chat.send('one');
    await until(() => named(chat, 'one')?.state === 'safe');
    server.socket.blackHole();
    chat.send('two');
    await until(() => named(chat, 'two') !== undefined);
    server.socket.cut();
    await until(() => named(chat, 'two')?.state === 'safe');
    expect(sentBodies()).toEqual(['one', 'two']);
    // One stream for the check of the password, one for everything since.
    expect(server.streams).toBe(2);
  });

  it('drops a dead connection when something may have changed, and tries at once', async () => {
    const { model, nudge } = await scene.signedIn();
    const before = server.sockets.length;
    nudge();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(server.sockets).toHaveLength(before);
    server.down = true;
    server.socket.cut();
    await until(() => model.connection !== 'online');
    server.down = false;
    nudge();
    await until(() => model.connection === 'online');
  });
});

describe('receiving', () => {
  it('takes what comes live, tells that it arrived, and counts it until it is read', async () => {
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    const chat = model.open(JULIET);
    server.deliver('m1', 'hello', `<request xmlns='${NS.receipts}'/>`);
    await until(() => named(chat, 'hello') !== undefined);
    await until(() => server.stanzas.some((stanza) => attribute(child(stanza, 'received', NS.receipts), 'id') === 'm1'), 'a receipt');
    await until(() => model.chats[0]?.unread === 1);
    chat.read(named(chat, 'hello')?.key ?? '');
    await until(() => model.unreadTotal === 0);
    await until(() => server.stanzas.some((stanza) => attribute(child(stanza, 'displayed', NS.markers), 'id') === 'm1'), 'a marker');
    await until(() => server.stanzas.some((stanza) => stanza.getElementsByTagNameNS(NS.mds, 'displayed').length > 0), 'the position');
  });

  it.each(['text', 'file'])('takes for read what is there when one answers with a %s, and says so', async (what) => {
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    const chat = model.open(JULIET);
    for (const id of ['m1', 'm2']) server.deliver(id, id, `<markable xmlns='${NS.markers}'/>`);
    await until(() => model.chats[0]?.unread === 2);
    await (what === 'text' ? chat.send('yes') : chat.attach([{ blob: new Blob(['%PDF']), kind: 'file', name: 'yes.pdf', type: 'application/pdf' }], ''));
    await until(() => model.chats[0]?.unread === 0, 'nothing unread');
    await until(() => server.stanzas.some((stanza) => stanza.getElementsByTagNameNS(NS.mds, 'displayed').length > 0), 'the position');
    expect(server.stanzas.flatMap((stanza) => attribute(child(stanza, 'displayed', NS.markers), 'id') ?? [])).toEqual(['m2']);
    await until(() => !chat.messages.some((message) => message.unread === true), 'no message unread');
  });

  it('tells strangers nothing', async () => {
    const { model } = await scene.signedIn();
    server.deliver('m1', 'psst', `<request xmlns='${NS.receipts}'/>`);
    await until(() => model.chats[0]?.request === true);
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 1);
    chat.read(chat.messages[0]?.key ?? '');
    await until(() => model.unreadTotal === 0);
    expect(server.stanzas.some((stanza) => child(stanza, 'received', NS.receipts) ?? child(stanza, 'displayed', NS.markers))).toBe(false);
  });

  it('catches up page by page from what is committed, in order and each once', async () => {
    const before = await scene.signedIn();
    server.deliver('m0');
    const chat = before.model.open(JULIET);
    await until(() => chat.messages.length === 1);
    before.model.close();
    for (let i = 1; i <= 250; i++) server.keep(ROMEO, text(JULIET, ROMEO, `m${i}`, `m${i}`));
    const after = await scene.reloaded(before);
    await until(() => after.model.chats[0]?.unread === 251, 'everything');
    const again = after.model.open(JULIET);
    await until(() => again.messages.length > 0);
    while (!again.atOldest) await again.older();
    const seen = bodies(again);
    while (!again.atNewest) {
      await again.newer();
      for (const body of bodies(again)) if (!seen.includes(body)) seen.push(body);
    }
    expect(seen).toEqual(Array.from({ length: 251 }, (_, i) => `m${i}`));
  });

  it('lets what comes live meanwhile wait for its place', async () => {
    const before = await scene.signedIn();
    before.model.close();
    server.keep(ROMEO, text(JULIET, ROMEO, 'm1', 'm1'));
    const reply = server.answer;
    let late = false;
    server.answer = (stanza) => {
      if (child(stanza, 'query', NS.mam) && !late) {
        late = true;
        // Live first, though it is newer than what the archive is about to say.
        server.deliver('m2');
      }
      return reply(stanza, server);
    };
    const after = scene.load();
    await after.model.restore();
    const chat = after.model.open(JULIET);
    await until(() => chat.messages.length === 2);
    expect(bodies(chat)).toEqual(['m1', 'm2']);
  });

  it('asks an archive again that did not answer', async () => {
    const reply = server.answer;
    let refused = false;
    server.answer = (stanza) => {
      if (refused || !child(stanza, 'query', NS.mam)) return reply(stanza, server);
      refused = true;
      return `<iq xmlns='${NS.client}' type='error' id='%id%'><error type='wait'><resource-constraint xmlns='${NS.stanzaErrors}'/></error></iq>`;
    };
    const { model } = await scene.signedIn();
    server.deliver('m1');
    const chat = model.open(JULIET);
    await until(() => bodies(chat).includes('m1'));
  });

  // Its place among the microtasks decides, so it is put into each of them.
  it.each(Array.from({ length: 16 }, (_, shift) => shift))('misses nothing that comes in the moment when it has caught up, %i', async (shift) => {
    const reply = server.answer;
    let queries = 0;
    server.answer = (stanza) => {
      const answer = reply(stanza, server);
      if (!child(stanza, 'query', NS.mam) || ++queries !== 3) return answer;
      server.tell((answer ?? '').replaceAll('%id%', attribute(stanza, 'id') ?? ''));
      void Array.from({ length: shift }).reduce((before: Promise<void>) => before.then(() => undefined), Promise.resolve()).then(() => server.deliver('first'));
      return undefined;
    };
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => queries >= 3 && server.archives.has(ROMEO));
    server.deliver('second');
    await until(() => bodies(chat).includes('second'));
    expect(bodies(chat)).toEqual(['first', 'second']);
  });

  it('begins with the newest pages of an archive it does not know, as read', async () => {
    for (let i = 0; i < 320; i++) server.keep(ROMEO, text(JULIET, ROMEO, `m${i}`, `m${i}`));
    const { model } = await scene.signedIn();
    await until(() => model.chats.length === 1);
    expect(model.unreadTotal).toBe(0);
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 90);
    expect(bodies(chat).at(-1)).toBe('m319');
    while (!chat.atOldest) await chat.older();
    expect(bodies(chat)[0]).toBe('m0');
    expect(chat.messages.length).toBeLessThanOrEqual(90);
  });

  it('looks behind pages that hold nothing to be shown', async () => {
    server.keep(ROMEO, text(JULIET, ROMEO, 'm0', 'm0'));
    for (let i = 0; i < 500; i++) server.keep(ROMEO, fromJuliet(`<received xmlns='${NS.receipts}' id='r${i}'/>`));
    server.keep(ROMEO, text(JULIET, ROMEO, 'm1', 'm1'));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => bodies(chat).join() === 'm1');
    await chat.older();
    expect([bodies(chat), chat.atOldest]).toEqual([['m0', 'm1'], true]);
  });

  it('takes what another device has read for read, and what came after for unread', async () => {
    const ids = ['m0', 'm1', 'm2'].map((id) => server.keep(ROMEO, text(JULIET, ROMEO, id, id)));
    server.mds = `<item id='${JULIET}'><displayed xmlns='${NS.mds}'><stanza-id xmlns='${NS.sid}' id='${ids[1]}' by='${ROMEO}'/></displayed></item>`;
    const { model } = await scene.signedIn();
    await until(() => model.chats[0]?.unread === 1);
  });

  it('finds its way when the archive does not know the cursor any more', async () => {
    const before = await scene.signedIn();
    server.deliver('m1');
    const chat = before.model.open(JULIET);
    await until(() => chat.messages.length === 1);
    before.model.close();
    server.archives.clear();
    for (const id of ['m1', 'm2']) server.keep(ROMEO, text(JULIET, ROMEO, id.padEnd(20, '-'), id));
    const after = await scene.reloaded(before);
    const again = after.model.open(JULIET);
    await until(() => bodies(again).includes('m2'));
  });

  it('keeps what it cannot read, visibly', async () => {
    const { model } = await scene.signedIn();
    server.deliver('m1', 'This message is encrypted.', `<encrypted xmlns='${NS.omemo}'/>`);
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 1);
    expect(chat.messages[0]).toMatchObject({ encrypted: 'failed', error: 'message.encrypted', body: '' });
    const db = await openDatabase(ROMEO);
    expect((await db.getAll('messages'))[0]?.raw).toContain(NS.omemo);
    db.close();
  });

  it('counts as handled only what is committed', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    server.deliver('m1');
    server.tell(`<r xmlns='${NS.sm}'/>`);
    const before = server.clientHandled;
    await until(() => chat.messages.length === 1);
    await until(() => server.clientHandled > before);
  });

  it('never takes a carbon from somebody else', async () => {
    const { model } = await scene.signedIn();
    const copy = `<forwarded xmlns='${NS.forward}'>${text(JULIET, ROMEO, 'forged', 'forged')}</forwarded>`;
    server.tell(`<message xmlns='${NS.client}' from='mallory@example.org'><received xmlns='${NS.carbons}'>${copy}</received></message>`);
    server.tell(`<message xmlns='${NS.client}' from='${ROMEO}'><received xmlns='${NS.carbons}'>${copy.replaceAll('forged', 'true')}</received></message>`);
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 1);
    expect(bodies(chat)).toEqual(['true']);
  });
});
