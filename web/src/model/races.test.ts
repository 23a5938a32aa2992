import { Blob as NodeBlob } from 'node:buffer';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attribute, child, childText, serialize } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { readSharedFiles } from '../xmpp/sharing.ts';
import { until, xml } from '../xmpp/testing.ts';
import { ArchiveSync } from './archive.ts';
import type { Context } from './context.ts';
import { openDatabase } from './db.ts';
import { bodies, fromJuliet, JULIET, named, ROMEO, ROOM, roomText, Scene, text } from './testing.ts';
import type { FileToSend, Message } from './types.ts';

// happy-dom's cannot be cloned into a database.
globalThis.Blob = NodeBlob as unknown as typeof Blob;

let scene: Scene;
let server: Scene['server'];
let files: Scene['files'];

beforeEach(() => {
  scene = new Scene();
  ({ server, files } = scene);
});

afterEach(() => {
  vi.restoreAllMocks();
  scene.end();
});

const sent = (): Element[] => server.stanzas.filter((stanza) => child(stanza, 'body', NS.client));
const sentBodies = (): (string | undefined)[] => sent().map((stanza) => childText(stanza, 'body', NS.client));
const asks = (stanza: Element, node: string): boolean => attribute(child(child(stanza, 'pubsub', NS.pubsub), 'items', NS.pubsub), 'node') === node;
const photo = (name: string): FileToSend => ({ blob: new Blob([name], { type: 'image/jpeg' }), kind: 'image', name, type: 'image/jpeg' });

/** Somebody else says something in the room. */
function said(id: string): void {
  const inner = roomText('juliet', id, id, 'her');
  const archived = server.keep(ROOM, inner);
  server.tell(inner.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${archived}' by='${ROOM}'/></message>`));
}

/** Answers nothing where `hit` says so; the connection goes instead, as often as `times`. */
function cutAt(hit: (stanza: Element) => boolean, times = 1): () => number {
  let cuts = 0;
  const answer = server.answer;
  server.answer = (stanza, scripted) => {
    if (cuts < times && hit(stanza)) {
      cuts++;
      server.socket.cut();
      return `<message xmlns='${NS.client}'/>`;
    }
    return answer(stanza, scripted);
  };
  return () => cuts;
}

/** The connection goes with the very presence that lets into the room. */
function cutOnEntering(): () => boolean {
  const answer = server.answer;
  let cut = false;
  server.answer = (stanza, scripted) => {
    const reply = answer(stanza, scripted);
    if (cut || stanza.localName !== 'presence' || !attribute(stanza, 'to')?.startsWith(ROOM)) return reply;
    cut = true;
    server.resumable = true;
    server.tell(reply ?? '');
    server.socket.cut();
    return `<message xmlns='${NS.client}'/>`;
  };
  return () => cut;
}

describe('a cut in the beginning of a session that is resumed', () => {
  it('leaves no room behind whose archive was not read to its end', async () => {
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM, 'Verona');
    const chat = model.open(ROOM);
    said('one');
    await until(() => named(chat, 'one') !== undefined);
    server.resumable = false;
    const cut = cutOnEntering();
    server.socket.cut();
    await until(() => cut() && model.connection === 'online', 'the stream to go on');
    said('two');
    await until(() => named(chat, 'two') !== undefined, 'what is said after the cut');
    said('three');
    await until(() => named(chat, 'three') !== undefined);
    expect(bodies(chat)).toEqual(['one', 'two', 'three']);
  });

  it('leaves no room behind that has just been entered', async () => {
    const { model } = await scene.signedIn();
    await until(() => model.catchingUp === null);
    const cut = cutOnEntering();
    await model.joinGroup(ROOM, 'Verona');
    const chat = model.open(ROOM);
    await until(() => cut() && model.connection === 'online', 'the stream to go on');
    said('one');
    await until(() => named(chat, 'one') !== undefined, 'what is said after the cut');
  });

  it('asks again for what it was not told, such as the groups that other devices have entered', async () => {
    server.bookmarks = `<item id='${ROOM}'><conference xmlns='${NS.bookmarks}' autojoin='true' name='Verona'/></item>`;
    const cuts = cutAt((stanza) => asks(stanza, NS.bookmarks));
    // The question is handled, and its answer does not come back: only asking again helps.
    const { model } = await scene.signedIn();
    await until(() => cuts() === 1);
    await until(() => model.chats.some((each) => each.jid === ROOM), 'the group');
  });
});

it('reads on when a new session begins while the last page of the one before is still being written', async () => {
  const db = await openDatabase(ROMEO);
  await db.put('meta', 'archive-1', `cursor:${ROMEO}`);
  const asked: (string | undefined)[] = [];
  let written: () => void = () => undefined;
  const writing = new Promise<void>((resolve) => (written = resolve));
  const link = {
    account: ROMEO,
    nextId: () => 'q',
    collect: () => () => undefined,
    request: (query: Element) => {
      asked.push(childText(child(child(query, 'query', NS.mam), 'set', NS.rsm), 'after', NS.rsm));
      const last = asked.length === 1 ? 'archive-2' : 'archive-3';
      return Promise.resolve(xml(`<iq type='result'><fin xmlns='${NS.mam}' complete='true'><set xmlns='${NS.rsm}'><first>${last}</first><last>${last}</last></set></fin></iq>`));
    },
  };
  let taken = 0;
  const take = async (): Promise<void> => {
    if (++taken === 1) await writing;
  };
  const context = { link, db, account: ROMEO, reading: { account: ROMEO, now: Date.now, self: () => ({}) }, tell: () => undefined, take };
  const archive = new ArchiveSync(context as unknown as Context, ROMEO);
  const done = archive.run();
  await until(() => taken === 1, 'the page to be written');
  archive.reset();
  written();
  await done;
  expect([asked, archive.current]).toEqual([['archive-1', 'archive-2'], true]);
  db.close();
});

it('takes in later what there was no room for, instead of going on behind it', async () => {
  const { model } = await scene.signedIn();
  const chat = model.open(JULIET);
  server.deliver('one');
  await until(() => named(chat, 'one') !== undefined);
  const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => { throw new DOMException('full', 'QuotaExceededError'); });
  server.deliver('two');
  await until(() => put.mock.calls.length > 0);
  vi.restoreAllMocks();
  server.deliver('three');
  await until(() => named(chat, 'three') !== undefined && named(chat, 'two') !== undefined, 'both');
  expect(bodies(chat)).toEqual(['one', 'two', 'three']);
});

describe('the window', () => {
  it('shows what is sent while older messages are being asked for, and nobody answers', async () => {
    for (let n = 1; n <= 120; n++) server.keep(ROMEO, text(JULIET, ROMEO, `old ${n}`, `old ${n}`));
    server.inbox = true;
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => bodies(chat).length >= 50, 'the newest page');
    const answer = server.answer;
    let asked = false;
    server.answer = (stanza, scripted) => {
      if (!child(stanza, 'query', NS.mam)) return answer(stanza, scripted);
      asked = true;
      return `<message xmlns='${NS.client}'/>`;
    };
    let settled = false;
    chat.older().then(() => (settled = true), () => undefined);
    await until(() => asked);
    await chat.send('hello');
    await until(() => named(chat, 'hello') !== undefined, 'what was sent');
    expect(settled).toBe(false);
  });
});

describe('what nobody has seen yet', () => {
  it('is not corrected but changed: a text that waits for its file', async () => {
    let arrive: (status: number) => void = () => undefined;
    files.status = new Promise((resolve) => (arrive = resolve));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg')], 'befroe');
    await until(() => named(chat, 'befroe') !== undefined);
    chat.edit(named(chat, 'befroe')?.key ?? '', 'before');
    await until(() => named(chat, 'before') !== undefined);
    arrive(201);
    await until(() => named(chat, 'before')?.state === 'safe');
    expect(sentBodies().slice(1)).toEqual(['before']);
    expect(sent().some((stanza) => child(stanza, 'replace', NS.correct))).toBe(false);
    expect(sent()[0] && readSharedFiles(sent()[0] as Element)[0]?.desc).toBe('before');
    expect(named(chat, 'before')?.edited).toBeUndefined();
  });

  it.each(['retract', 'deleteForMe'] as const)('goes without a trace, also out of the file that it is about (%s)', async (how) => {
    let arrive: (status: number) => void = () => undefined;
    files.status = new Promise((resolve) => (arrive = resolve));
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.attach([photo('a.jpg')], 'secret');
    await until(() => named(chat, 'secret') !== undefined);
    chat[how](named(chat, 'secret')?.key ?? '');
    await until(() => named(chat, 'secret') === undefined);
    arrive(201);
    const file = (): Message | undefined => chat.messages.find((message) => message.attachments.length > 0);
    await until(() => file()?.state === 'safe');
    expect(sent()).toHaveLength(1);
    expect(server.stanzas.map(serialize).join('')).not.toMatch(/secret|<retract/);
  });

  it('is not corrected but sent again as it is by then: what was refused', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await chat.send('helo');
    await until(() => named(chat, 'helo')?.state === 'safe');
    server.tell(`<message xmlns='${NS.client}' type='error' from='${JULIET}' id='${attribute(sent()[0], 'id')}'><error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error></message>`);
    await until(() => named(chat, 'helo')?.state === 'failed');
    chat.edit(named(chat, 'helo')?.key ?? '', 'hello');
    await until(() => named(chat, 'hello') !== undefined);
    chat.retry(named(chat, 'hello')?.key ?? '');
    await until(() => named(chat, 'hello')?.state === 'safe');
    expect(sentBodies()).toEqual(['helo', 'hello']);
    expect(sent().some((stanza) => child(stanza, 'replace', NS.correct))).toBe(false);
  });
});

it('knows that an invitation was accepted on another device', async () => {
  const { model } = await scene.signedIn();
  await until(() => model.catchingUp === null);
  const invitation = `<message xmlns='${NS.client}' from='tybalt@example.org/x' to='${ROMEO}' id='come'><x xmlns='${NS.directInvite}' jid='${ROOM}'/></message>`;
  server.tell(invitation);
  await until(() => model.chats.find((chat) => chat.jid === ROOM)?.request === true, 'the request');
  server.tell(
    `<message xmlns='${NS.client}' from='${ROMEO}' to='${ROMEO}/web'><event xmlns='${NS.pubsub}#event'><items node='${NS.bookmarks}'><item id='${ROOM}'><conference xmlns='${NS.bookmarks}' autojoin='true'/></item></items></event></message>`,
  );
  await until(() => server.joined.has(ROOM));
  await until(() => model.chats.find((chat) => chat.jid === ROOM)?.request !== true, 'no request any more');
});

it('connects as soon as it can find out where, and signs out where it cannot', async () => {
  const before = await scene.signedIn();
  before.model.close();
  let tries = 0;
  const after = scene.load(() => (++tries === 1 ? Promise.reject(new Error('no network')) : Promise.resolve('ws://localhost/xmpp-websocket')));
  await after.model.restore();
  await until(() => after.model.connection === 'online', 'a connection');
  const last = scene.load(() => Promise.reject(new Error('no network')));
  after.model.close();
  await last.model.restore();
  await last.model.signOut();
  expect((await indexedDB.databases()).map((db) => db.name)).not.toContain(`nyala:${ROMEO}`);
});

it('shows nothing as read that was refused, whatever was read after it', async () => {
  const { model } = await scene.signedIn();
  await until(() => model.catchingUp === null);
  const chat = model.open(JULIET);
  await chat.send('refused');
  await until(() => named(chat, 'refused')?.state === 'safe');
  server.tell(`<message xmlns='${NS.client}' type='error' from='${JULIET}' id='${attribute(sent()[0], 'id')}'><error type='cancel'><service-unavailable xmlns='${NS.stanzaErrors}'/></error></message>`);
  await until(() => named(chat, 'refused')?.state === 'failed');
  await chat.send('taken');
  await until(() => named(chat, 'taken')?.state === 'safe');
  server.tell(fromJuliet(`<displayed xmlns='${NS.markers}' id='${attribute(sent()[1], 'id')}'/>`));
  await until(() => named(chat, 'taken')?.state === 'read');
  expect(named(chat, 'refused')?.state).toBe('failed');
});
