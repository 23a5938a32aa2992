import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { bodies, fromJuliet, JULIET, named, ROMEO, ROOM, roomText, Scene, text, type Tab } from './testing.ts';
import { ScriptedRoom } from './testing-groups.ts';
import type { Conversation } from './types.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  ({ server } = scene);
});

afterEach(() => scene.end());

const phone = (body: string): string => text(ROMEO, JULIET, `phone-${body}`, body);
const marker = (id: string): string => fromJuliet(`<displayed xmlns='${NS.markers}' id='${id}'/>`);
const state = (chat: Conversation, body: string): string | undefined => named(chat, body)?.state;
const idOf = (body: string): string =>
  /id="([^"]+)"/u.exec(server.archives.get(ROMEO)?.find((entry) => entry.xml.includes(`<body>${body}</body>`))?.xml ?? '')?.[1] ?? '';

async function chatting(): Promise<{ tab: Tab; chat: Conversation }> {
  const tab = await scene.signedIn();
  server.deliver('hello');
  await tab.model.startChat(JULIET);
  const chat = tab.model.open(JULIET);
  await until(() => named(chat, 'hello') !== undefined, 'a chat');
  await until(() => tab.model.catchingUp === null, 'the archive');
  return { tab, chat };
}

/** Written while nobody is connected; `meanwhile` happens at the server. */
async function writesOffline({ tab, chat }: Awaited<ReturnType<typeof chatting>>, said: string[], meanwhile: () => void, resumable = false): Promise<void> {
  server.down = true;
  server.resumable = resumable;
  server.socket.cut();
  await until(() => tab.model.connection !== 'online', 'the cut');
  for (const body of said) await chat.send(body);
  meanwhile();
  server.down = false;
  tab.nudge();
  await until(() => tab.model.connection === 'online' && tab.model.catchingUp === null, 'a connection');
  await until(() => said.every((body) => state(chat, body) === 'safe'), 'what was written to be safe');
}

/** What was told before has been taken in when this has. */
async function taken(chat: Conversation): Promise<void> {
  const id = crypto.randomUUID();
  server.deliver(id);
  await until(() => named(chat, id) !== undefined, 'everything before');
}

describe('who has read what another device of ours wrote', () => {
  it('has not read what was written offline before and sent after it', async () => {
    const { tab, chat } = await chatting();
    await writesOffline({ tab, chat }, ['late'], () => void server.keep(ROMEO, phone('early')));
    expect(bodies(chat)).toEqual(['hello', 'late', 'early']);
    server.tell(marker('phone-early'));
    await until(() => state(chat, 'early') === 'read', 'the one that was read');
    await taken(chat);
    expect(state(chat, 'late')).toBe('safe');
    server.tell(marker(idOf('late')));
    await until(() => state(chat, 'late') === 'read', 'the other');
  });

  it('has not read it either where the archive tells of both at once', async () => {
    const { tab, chat } = await chatting();
    await writesOffline({ tab, chat }, ['late'], () => {
      server.keep(ROMEO, phone('early'));
      server.keep(ROMEO, marker('phone-early'));
    });
    await until(() => state(chat, 'early') === 'read', 'the one that was read');
    await taken(chat);
    expect(state(chat, 'late')).toBe('safe');
  });

  it('has read it with whatever is sent later', async () => {
    const { tab, chat } = await chatting();
    await writesOffline({ tab, chat }, ['one', 'two'], () => void server.keep(ROMEO, phone('early')));
    server.tell(marker(idOf('one')));
    await until(() => state(chat, 'one') === 'read', 'the first');
    await taken(chat);
    expect(state(chat, 'early')).toBe('read');
    expect(state(chat, 'two')).toBe('safe');
    const later = phone('later');
    const archived = server.keep(ROMEO, later);
    const copy = later.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${archived}' by='${ROMEO}'/></message>`);
    server.tell(`<message xmlns='${NS.client}' from='${ROMEO}'><sent xmlns='${NS.carbons}'><forwarded xmlns='${NS.forward}'>${copy}</forwarded></sent></message>`);
    await until(() => named(chat, 'later') !== undefined, 'what the phone sends');
    server.tell(marker('phone-later'));
    await until(() => state(chat, 'two') === 'read', 'the second');
  });

  it('has not read what the server says it has taken before it says what else it has', async () => {
    const { tab, chat } = await chatting();
    server.acknowledges = false;
    server.keep(ROMEO, phone('early'));
    await chat.send('late');
    await until(() => idOf('late') !== '', 'the server to have it');
    server.resumable = true;
    server.socket.cut();
    server.acknowledges = true;
    await until(() => tab.model.connection === 'online' && server.sockets.length > 1, 'the stream to go on');
    await until(() => state(chat, 'late') === 'safe' && named(chat, 'early') !== undefined, 'both');
    server.tell(marker('phone-early'));
    await until(() => state(chat, 'early') === 'read', 'the one that was read');
    await taken(chat);
    expect(state(chat, 'late')).toBe('safe');
  });
});

it('who has read a message has read those that were sent before it, also when they were typed at once', async () => {
  const { chat } = await chatting();
  const said = ['one', 'two', 'three'];
  await Promise.all(said.map((body) => chat.send(body)));
  await until(() => said.every((body) => state(chat, body) === 'safe'), 'all');
  server.tell(marker(idOf('two')));
  await until(() => state(chat, 'two') === 'read', 'the second');
  await taken(chat);
  expect([state(chat, 'one'), state(chat, 'three')]).toEqual(['read', 'safe']);
  server.tell(marker(idOf('three')));
  await until(() => state(chat, 'three') === 'read', 'the third');
});

it('in a group nobody has read what was written offline with what another device wrote meanwhile', async () => {
  const room = new ScriptedRoom(server);
  const tab = await scene.signedIn();
  await tab.model.joinGroup(ROOM, 'Verona');
  await until(() => tab.model.groups.get(ROOM)?.moderation === true, 'what the room says of itself');
  const chat = tab.model.open(ROOM);
  room.show('juliet', 'j', JULIET);
  await writesOffline({ tab, chat }, ['late'], () => {
    server.joined.clear();
    server.keep(ROOM, roomText('romeo', 'phone-1', 'early', 'me'));
  });
  await until(() => named(chat, 'early') !== undefined, 'what the phone wrote');
  room.show('juliet', 'j', JULIET);
  room.mark('juliet', 'j', room.archived('early'));
  await until(() => state(chat, 'early') === 'read', 'the one that was read');
  expect(named(chat, 'late')?.readBy ?? 0).toBe(0);
  room.mark('juliet', 'j', room.archived('late'));
  await until(() => state(chat, 'late') === 'read', 'the other');
});
