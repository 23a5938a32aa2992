import { afterEach, beforeEach, expect, it } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { change } from './session.ts';
import { ROMEO, ROOM, Scene, type Tab } from './testing.ts';
import { ScriptedRoom } from './testing-groups.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  ({ server } = scene);
  new ScriptedRoom(server);
});

afterEach(() => scene.end());

/** With everything done that a session begins with. */
async function ready(): Promise<Tab> {
  const tab = await scene.signedIn();
  await until(() => tab.model.catchingUp === null, 'the beginning to be over');
  return tab;
}

/** What one goes, or wants to go, by in the room. */
const nicknames = (): (string | undefined)[] =>
  server.stanzas.filter((stanza) => stanza.localName === 'presence' && attribute(stanza, 'to')?.startsWith(`${ROOM}/`)).map((stanza) => attribute(stanza, 'to')?.slice(ROOM.length + 1));
const bookmarked = (): string | undefined =>
  server.stanzas.flatMap((stanza) => child(child(child(child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub), 'item', NS.pubsub), 'conference', NS.bookmarks), 'nick', NS.bookmarks)?.textContent ?? []).at(-1);
const named = (name: string): void =>
  server.tell(`<message xmlns='${NS.client}' from='${ROMEO}' to='${ROMEO}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='${NS.nick}'><item id='current'><nick xmlns='${NS.nick}'>${name}</nick></item></items></event></message>`);
const bookmark = (nick: string): string => `<item id='${ROOM}'><conference xmlns='${NS.bookmarks}' autojoin='true' name='Verona'><nick>${nick}</nick></conference></item>`;

/** Somebody else has these. */
function taken(...nicks: string[]): void {
  const answer = server.answer;
  server.answer = (stanza, scripted) => {
    const to = attribute(stanza, 'to') ?? '';
    const refused = stanza.localName === 'presence' && !attribute(stanza, 'type') && nicks.some((nick) => to === `${ROOM}/${nick}`);
    return refused ? `<presence xmlns='${NS.client}' type='error' from='${to}' id='%id%'><error type='cancel'><conflict xmlns='${NS.stanzaErrors}'/></error></presence>` : answer(stanza, scripted);
  };
}

it('a group is entered under the name that contacts see, and under the user name where there is none', async () => {
  const { model } = await ready();
  await model.joinGroup(ROOM, 'Verona');
  expect(nicknames()).toEqual(['romeo']);
  named('Romeo Montague');
  await until(() => bookmarked() === 'Romeo Montague', 'the new name, for other devices too');
  expect(nicknames()).toEqual(['romeo', 'Romeo Montague']);
});

it('a name that has not reached the server yet is the one to enter with', async () => {
  const { model } = await ready();
  await change(ROMEO, (session) => ({ ...session, unsentName: 'Romeo Montague' }));
  await model.joinGroup(ROOM, 'Verona');
  expect(nicknames()).toEqual(['Romeo Montague']);
});

it('a name that somebody else has is told apart by a number, which stays', async () => {
  const before = await ready();
  named('Romeo');
  await until(() => before.model.me?.name === 'Romeo', 'the name');
  taken('Romeo', 'Romeo 2');
  await before.model.joinGroup(ROOM, 'Verona');
  expect(nicknames()).toEqual(['Romeo', 'Romeo 2', 'Romeo 3']);
  server.resumable = false;
  await scene.reloaded(before);
  await until(() => nicknames().length === 4, 'the next page');
  expect(nicknames().at(-1)).toBe('Romeo 3');
});

it('a new name that somebody else has becomes another one, without leaving', async () => {
  const { model } = await ready();
  await model.joinGroup(ROOM, 'Verona');
  taken('Mercutio');
  named('Mercutio');
  await until(() => bookmarked() === 'Mercutio 2', 'a name');
  expect(nicknames()).toEqual(['romeo', 'Mercutio', 'Mercutio 2']);
});

it('the user name of before gives way, and a nickname of another app stays', async () => {
  server.bookmarks = bookmark('romeo');
  const db = await openDatabase(ROMEO);
  await db.put('meta', 'Romeo Montague', 'name');
  db.close();
  await scene.signedIn();
  await until(() => nicknames().length > 0 && bookmarked() === 'Romeo Montague', 'the group');
  expect(nicknames()).toEqual(['Romeo Montague']);
  scene.end();
  scene = new Scene();
  ({ server } = scene);
  new ScriptedRoom(server);
  server.bookmarks = bookmark('Montague jr.');
  const { model } = await scene.signedIn();
  await until(() => nicknames().length > 0, 'the group');
  named('Romeo Montague');
  server.deliver('hello');
  await until(() => model.me?.name === 'Romeo Montague' && model.chats.some((chat) => chat.last?.body === 'hello'), 'all that came');
  expect(nicknames()).toEqual(['Montague jr.']);
});
