import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attribute, child, childText } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { JULIET, named, ROMEO, ROOM, roomText, Scene } from './testing.ts';
import { lastBookmark, ScriptedRoom } from './testing-groups.ts';
import type { Chat } from './types.ts';

const NURSE = 'nurse@example.org';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
});

afterEach(() => {
  scene.end();
  vi.useRealTimers();
});

const chatOf = (model: { chats: readonly Chat[] }, jid: string): Chat | undefined => model.chats.find((one) => one.jid === jid);
const invitations = (room: string): (string | undefined)[] =>
  server.stanzas.filter((stanza) => attribute(child(stanza, 'x', NS.directInvite), 'jid') === room).map((stanza) => attribute(stanza, 'to'));
const bookmarked = (room: string): string | undefined => lastBookmark(server, room);

/** The room that Romeo makes, whatever its address. */
function expectRoom(): { room: () => ScriptedRoom; steps: () => number; cutAt(step: number): void } {
  let room: ScriptedRoom | undefined;
  let steps = 0;
  let cut = -1;
  const plain = server.answer;
  const lobby = new ScriptedRoom(server);
  const answering = server.answer;
  server.answer = (stanza, scripted) => {
    const to = (attribute(stanza, 'to') ?? '').split('/')[0] ?? '';
    const own = to.endsWith('@rooms.example.org') && to !== lobby.jid;
    if (own || child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub)) {
      if (++steps === cut) {
        server.resumable = false;
        server.socket.cut();
        return undefined;
      }
    }
    if (!own) return answering(stanza, scripted);
    if (!room) {
      room = new ScriptedRoom(server, to);
      room.exists = false;
      room.members = new Map([[ROMEO, 'owner']]);
      made = server.answer;
      server.answer = outer;
    }
    return made(stanza, scripted);
  };
  let made = plain;
  const outer = server.answer;
  return { room: () => room as ScriptedRoom, steps: () => steps, cutAt: (step) => (cut = step) };
}

async function make(cut?: number): Promise<{ chat: Chat; room: ScriptedRoom; steps: number; model: Awaited<ReturnType<Scene['signedIn']>>['model'] }> {
  const expecting = expectRoom();
  const { model } = await scene.signedIn();
  if (cut !== undefined) expecting.cutAt(cut);
  const chat = await model.groups.create('Verona', [JULIET, NURSE], new Blob([new Uint8Array([1, 2, 3])], { type: 'image/png' }));
  await until(() => model.groups.get(chat.jid)?.making === undefined && model.groups.get(chat.jid)?.membersOnly === true, `a group, cut at ${cut ?? 'no'} step`);
  await until(() => new Set(invitations(chat.jid)).size === 2 && bookmarked(chat.jid) === 'true', 'invitations and a bookmark');
  return { chat, room: expecting.room(), steps: expecting.steps(), model };
}

function expectWhole(room: ScriptedRoom): void {
  const config = (name: string): string | undefined => room.config.get(`muc#roomconfig_${name}`)?.[0];
  expect(['roomname', 'persistentroom', 'publicroom', 'membersonly', 'whois', 'enablearchiving', 'lang'].map(config)).toEqual(['Verona', '1', '0', '1', 'anyone', '1', '0']);
  expect(room.config.has('muc#roomconfig_allowpm'), 'fields the room does not offer').toBe(false);
  expect([...room.members]).toEqual([[ROMEO, 'owner'], [JULIET, 'member'], [NURSE, 'member']]);
  expect(room.cards.length).toBeGreaterThan(0);
}

describe('a group that is made', () => {
  it('is private, has its people and its picture, and they are members before they are invited', async () => {
    const { room, chat } = await make();
    expectWhole(room);
    expect(chat.name).toBe('Verona');
    expect(chat.jid).toMatch(/^[0-9a-f-]{36}@rooms\.example\.org$/);
    const at = (find: (stanza: Element) => unknown): number => server.stanzas.findIndex((stanza) => attribute(stanza, 'to')?.startsWith(chat.jid) && find(stanza));
    const granted = at((stanza) => attribute(stanza, 'type') === 'set' && child(stanza, 'query', NS.mucAdmin));
    expect(granted).toBeGreaterThan(0);
    expect(server.stanzas.findIndex((stanza) => child(stanza, 'x', NS.directInvite))).toBeGreaterThan(granted);
  });

  it('becomes whole wherever the connection is cut', async () => {
    const { steps } = await make();
    expect(steps).toBeGreaterThan(6);
    for (let cut = 1; cut <= steps; cut++) {
      scene.end();
      scene = new Scene();
      server = scene.server;
      expectWhole((await make(cut)).room);
    }
  });

  it('is there at once, and made when there is a connection, also by a page that is loaded later', async () => {
    const expecting = expectRoom();
    const first = await scene.signedIn();
    await first.model.groups.create('Before', []);
    await until(() => first.model.chats.some((one) => one.name === 'Before'), 'a first group, and so where groups are');
    server.down = true;
    server.socket.cut();
    await until(() => first.model.connection !== 'online', 'no connection');
    const chat = await first.model.groups.create('Offline', [JULIET]);
    expect(chatOf(first.model, chat.jid)?.name).toBe('Offline');
    server.down = false;
    const again = await scene.reloaded(first);
    await until(() => again.model.groups.get(chat.jid)?.making === undefined && invitations(chat.jid).length > 0, 'the group to be made');
    expect(expecting.steps()).toBeGreaterThan(0);
  });

  it('says why when the server refuses, and can be tried again', async () => {
    const room = new ScriptedRoom(server);
    room.refuses = 'not-allowed';
    const { model } = await scene.signedIn();
    const db = await openDatabase(ROMEO);
    await db.put('meta', 'rooms.example.org', 'rooms');
    const plain = server.answer;
    server.answer = (stanza, scripted) => (attribute(stanza, 'to')?.includes('@rooms.example.org') ? plain(retargeted(stanza), scripted)?.replaceAll(ROOM, (attribute(stanza, 'to') ?? '').split('/')[0] ?? '') : plain(stanza, scripted));
    const chat = await model.groups.create('Verona', []);
    await until(() => model.groups.get(chat.jid)?.making?.error === 'not-allowed', 'the refusal');
    room.refuses = undefined;
    room.exists = false;
    model.groups.again(chat.jid);
    await until(() => model.groups.get(chat.jid)?.making === undefined, 'the group');
    db.close();
  });
});

/** As if it were for the room that the test has. */
function retargeted(stanza: Element): Element {
  const copy = stanza.cloneNode(true) as Element;
  const [, nick] = (attribute(stanza, 'to') ?? '').split('/');
  copy.setAttribute('to', nick ? `${ROOM}/${nick}` : ROOM);
  return copy;
}

it('people are invited by the room where it does that itself, and else by whoever adds them', async () => {
  const room = new ScriptedRoom(server);
  const { model } = await scene.signedIn();
  await model.joinGroup(ROOM, 'Verona');
  await until(() => model.groups.get(ROOM)?.membersOnly === true, 'what the room says of itself');
  expect(await model.groups.rule(ROOM, [NURSE], 'member')).toBeUndefined();
  await until(() => invitations(ROOM).includes(NURSE), 'an invitation');
  room.invites = true;
  model.groups.refresh(ROOM);
  await until(() => model.groups.row(ROOM)?.invites === true, 'the room to say so');
  expect(await model.groups.rule(ROOM, ['tybalt@example.org'], 'member')).toBeUndefined();
  await model.open(ROOM).send('welcome');
  await until(() => server.stanzas.some((stanza) => childText(stanza, 'body', NS.client) === 'welcome'), 'what is behind it');
  expect(invitations(ROOM)).toEqual([NURSE]);
});

describe('being in a group no more', () => {
  const endings = [['<status code="321"/>', 'none', 'removed'], ['<status code="301"/>', 'outcast', 'banned'], ['<destroy/>', 'none', 'destroyed']] as const;

  it.each(endings)('%s: the chat stays and says so, on all devices', async (codes, affiliation, gone) => {
    const room = new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.state === 'safe', 'a message');
    room.end(codes, affiliation);
    await until(() => chatOf(model, ROOM)?.gone === gone, gone);
    await until(() => bookmarked(ROOM) === 'false', 'the bookmark');
    expect(named(chat, 'hello')).toBeDefined();
  });

  it('a room that lets us in no more has removed us', async () => {
    const room = new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    room.refuses = 'registration-required';
    server.resumable = false;
    server.socket.cut();
    await until(() => chatOf(model, ROOM)?.gone === 'removed' || !chatOf(model, ROOM), 'the end');
  });

  it('a room that was destroyed meanwhile is not made again', async () => {
    const room = new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.state === 'safe', 'a message');
    room.exists = false;
    server.resumable = false;
    server.socket.cut();
    await until(() => chatOf(model, ROOM)?.gone === 'destroyed', 'the end');
    const submitted = server.stanzas.flatMap((stanza) => child(child(stanza, 'query', NS.mucOwner), 'x', NS.form) ?? []);
    expect(submitted.map((form) => attribute(form, 'type'))).toEqual(['cancel']);
  });

  it('leaving gives up membership, and the only owner hands on the group first', async () => {
    const room = new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    await until(() => model.groups.get(ROOM)?.members.length === 2, 'the members');
    await model.groups.leave(ROOM);
    await until(() => bookmarked(ROOM) === 'false', 'the bookmark');
    expect(room.members.get(JULIET)).toBe('owner');
    expect(server.stanzas.some((stanza) => child(child(stanza, 'query', NS.register), 'remove', NS.register))).toBe(true);
    expect(server.stanzas.some((stanza) => stanza.localName === 'presence' && attribute(stanza, 'type') === 'unavailable' && attribute(stanza, 'to')?.startsWith(ROOM))).toBe(true);
  });

  it('the last one ends it', async () => {
    const room = new ScriptedRoom(server);
    room.members.delete(JULIET);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    await until(() => model.groups.get(ROOM)?.members.length === 1, 'the members');
    await model.groups.leave(ROOM);
    await until(() => !room.exists, 'the end of the room');
  });
});

describe('a room that has been silent', () => {
  const pings = (): Element[] => server.stanzas.filter((stanza) => child(stanza, 'ping', NS.ping) && attribute(stanza, 'to')?.startsWith(ROOM));
  const joins = (): Element[] => server.stanzas.filter((stanza) => stanza.localName === 'presence' && child(stanza, 'x', NS.muc));

  let entered = 0;

  async function silent(answer: string | undefined): Promise<ReturnType<Scene['signedIn']>> {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] });
    new ScriptedRoom(server);
    const plain = server.answer;
    server.answer = (stanza, scripted) =>
      answer && child(stanza, 'ping', NS.ping) ? `<iq xmlns='${NS.client}' type='error' id='%id%' from='${attribute(stanza, 'to')}'><error type='cancel'><${answer} xmlns='${NS.stanzaErrors}'/></error></iq>` : plain(stanza, scripted);
    const tab = await scene.signedIn();
    // A session enters all groups when it begins; this one is joined after that.
    await until(() => tab.model.catchingUp === null);
    await tab.model.joinGroup(ROOM);
    await until(() => tab.model.groups.get(ROOM)?.moderation === true, 'what the room says of itself');
    entered = joins().length;
    vi.advanceTimersByTime(14 * 60_000);
    expect(pings()).toEqual([]);
    vi.advanceTimersByTime(2 * 60_000);
    await until(() => pings().length === 1, 'a ping');
    return tab;
  }

  it('is entered again when it does not know us any more', async () => {
    await silent('not-acceptable');
    await until(() => joins().length === entered + 1, 'entering again');
  });

  it.each([undefined, 'service-unavailable', 'item-not-found', 'remote-server-timeout'])('is left alone when it answers %s', async (answer) => {
    const { model } = await silent(answer);
    const chat = model.open(ROOM);
    chat.send('still here');
    await until(() => named(chat, 'still here')?.state === 'safe', 'what came behind');
    expect(joins().length).toBe(entered);
  });
});

describe('an admin', () => {
  it('is told why something was refused', async () => {
    const room = new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    room.refuses = 'forbidden';
    expect(await model.groups.rule(ROOM, [JULIET], 'none')).toBe('forbidden');
    room.refuses = undefined;
    expect(await model.groups.rule(ROOM, [JULIET], 'admin')).toBeUndefined();
    await until(() => model.groups.get(ROOM)?.members.some((member) => member.affiliation === 'admin') === true, 'another admin');
    expect(await model.groups.configure(ROOM, { name: 'Mantua', adminsOnly: true })).toBeUndefined();
    expect(room.config.get('urn:nyala:rooms#admins_only')).toEqual(['1']);
    await until(() => chatOf(model, ROOM)?.name === 'Mantua', 'the new name');
  });

  it('takes back what others said, and everybody sees that it is gone', async () => {
    new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    await model.joinGroup(ROOM);
    const chat = model.open(ROOM);
    const said = roomText('tybalt', 't1', 'rude', 't');
    const archived = server.keep(ROOM, said);
    server.tell(said.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${archived}' by='${ROOM}'/></message>`));
    await until(() => named(chat, 'rude') !== undefined, 'a message');
    expect(await model.groups.moderate(ROOM, named(chat, 'rude')?.key ?? '')).toBeUndefined();
    expect(server.stanzas.map((stanza) => attribute(child(stanza, 'moderate', NS.moderate), 'id')).filter(Boolean)).toEqual([archived]);
    server.tell(`<message xmlns='${NS.client}' type='groupchat' from='${ROOM}' id='m1'><retract xmlns='${NS.retract}' id='${archived}'><moderated xmlns='${NS.moderate}' by='${ROOM}/romeo'/></retract></message>`);
    await until(() => chat.messages.some((message) => message.retracted), 'the tombstone');
  });
});

describe('people', () => {
  it('are blocked with a report of what they said, and let in again', async () => {
    const { model } = await scene.signedIn();
    server.deliver('spam');
    await until(() => chatOf(model, JULIET) !== undefined, 'a message');
    expect(await model.people.block(JULIET, { reason: 'spam', text: 'ads' })).toBeUndefined();
    const report = server.stanzas.map((stanza) => child(child(child(stanza, 'block', NS.blocking), 'item', NS.blocking), 'report', NS.reporting)).find(Boolean);
    expect([attribute(report, 'reason'), childText(report, 'text', NS.reporting), attribute(child(report, 'stanza-id', NS.sid), 'by')]).toEqual(['urn:xmpp:reporting:spam', 'ads', ROMEO]);
    await until(() => model.people.blocked.includes(JULIET), 'the block');
    server.tell(`<iq xmlns='${NS.client}' type='set' id='u1'><unblock xmlns='${NS.blocking}'><item jid='${JULIET}'/></unblock></iq>`);
    await until(() => !model.people.blocked.includes(JULIET), 'another device to let her in again');
  });

  it('see a new name and picture of ours', async () => {
    const { model } = await scene.signedIn();
    expect(await model.people.setName('Romeo Montague')).toBeUndefined();
    await until(() => model.me?.name === 'Romeo Montague', 'the name');
    expect(await model.people.setPicture(new Blob([new Uint8Array([7])], { type: 'image/jpeg' }))).toBeUndefined();
    const published = server.stanzas.flatMap((stanza) => attribute(child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub), 'node') ?? []);
    expect(published.filter((node) => node !== NS.lastSeen).slice(-3)).toEqual([NS.nick, NS.avatarData, NS.avatarMetadata]);
  });
});
