import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { JULIET, ROMEO, ROOM, Scene } from './testing.ts';
import { lastBookmark, ScriptedRoom } from './testing-groups.ts';
import type { Chat } from './types.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
});

afterEach(() => scene.end());

const chatOf = (model: { chats: readonly Chat[] }, jid: string): Chat | undefined => model.chats.find((one) => one.jid === jid);

describe('an invitation', () => {
  it('that comes by the room and from whoever invites is one', async () => {
    new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    server.tell(`<message xmlns='${NS.client}' from='${ROOM}' to='${ROMEO}'><x xmlns='${NS.mucUser}'><invite from='${JULIET}/x'/></x></message>`);
    server.tell(invitation);
    await until(() => chatOf(model, ROOM)?.request === true, 'a request');
    server.deliver('hello');
    await until(() => chatOf(model, JULIET)?.last !== undefined, 'all that came');
    expect(model.chats.map((chat) => [chat.jid, chat.request, chat.unread])).toEqual([[JULIET, true, 1], [ROOM, true, 0]]);
  });

  const invitation = `<message xmlns='${NS.client}' from='${JULIET}/x' to='${ROMEO}' id='inv'><x xmlns='${NS.directInvite}' jid='${ROOM}'/></message>`;

  it('that came while nobody was here brings in all the same', async () => {
    new ScriptedRoom(server);
    const before = await scene.signedIn();
    await before.model.startChat(JULIET);
    server.tell(`<iq xmlns='${NS.client}' type='set' id='push'><query xmlns='${NS.roster}'><item jid='${JULIET}' subscription='both'/></query></iq>`);
    await until(() => before.model.people.contacts.some((contact) => contact.jid === JULIET), 'Juliet as a contact');
    server.resumable = false;
    const { archives } = server;
    before.model.close();
    expect(archives.size).toBe(0);
    server.keep(ROMEO, invitation);
    const after = scene.load();
    await after.model.restore();
    await until(() => (chatOf(after.model, ROOM)?.members ?? 0) > 0, 'the group');
    await until(() => lastBookmark(server, ROOM) === 'true', 'a bookmark');
  });

  it('that is older than the device brings in where no bookmark has decided, and only there', async () => {
    new ScriptedRoom(server);
    server.keep(ROMEO, `<message xmlns='${NS.client}' from='${ROOM}' to='${ROMEO}'><x xmlns='${NS.mucUser}'><invite from='${JULIET}/x'/></x></message>`);
    server.keep(ROMEO, invitation.replaceAll(ROOM, 'left@rooms.example.org'));
    server.bookmarks = `<item id='left@rooms.example.org'><conference xmlns='${NS.bookmarks}' autojoin='false'/></item>`;
    const { model } = await scene.signedIn();
    await until(() => chatOf(model, ROOM)?.request === true, 'a request');
    expect(model.chats.map((one) => [one.jid, one.kind])).toEqual([[ROOM, 'group']]);
  });

  it('that is older than the device brings in also who has never had a bookmark', async () => {
    new ScriptedRoom(server);
    const plain = server.answer;
    server.answer = (stanza, scripted) =>
      attribute(child(child(stanza, 'pubsub', NS.pubsub), 'items', NS.pubsub), 'node') === NS.bookmarks
        ? `<iq xmlns='${NS.client}' type='error' id='%id%'><error type='cancel'><item-not-found xmlns='${NS.stanzaErrors}'/></error></iq>`
        : plain(stanza, scripted);
    server.keep(ROMEO, invitation);
    const { model } = await scene.signedIn();
    await until(() => chatOf(model, ROOM)?.request === true, 'a request');
  });

  it('of a stranger asks, and is entered when it is accepted', async () => {
    new ScriptedRoom(server);
    const { model } = await scene.signedIn();
    server.tell(invitation);
    await until(() => chatOf(model, ROOM)?.request === true, 'a request');
    expect(server.joined.has(ROOM)).toBe(false);
    await model.startChat(ROOM);
    expect(chatOf(model, ROOM)?.request).toBeUndefined();
    expect(server.joined.has(ROOM)).toBe(true);
  });

  it('asks where only a room elsewhere says that a contact invites', async () => {
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    server.tell(`<iq xmlns='${NS.client}' type='set' id='push'><query xmlns='${NS.roster}'><item jid='${JULIET}' subscription='both'/></query></iq>`);
    await until(() => model.people.contacts.some((contact) => contact.jid === JULIET), 'Juliet as a contact');
    const mediated = (room: string): string => `<message xmlns='${NS.client}' from='${room}' to='${ROMEO}'><x xmlns='${NS.mucUser}'><invite from='${JULIET}/x'/></x></message>`;
    server.tell(mediated('trap@rooms.example.net'));
    await until(() => chatOf(model, 'trap@rooms.example.net')?.request === true, 'a request');
    new ScriptedRoom(server);
    server.tell(mediated(ROOM));
    await until(() => server.joined.has(ROOM), 'what a room of the own server says');
    expect([...server.joined]).toEqual([ROOM]);
  });

  it('into what is no room, or of ourselves, is nothing', async () => {
    const { model } = await scene.signedIn();
    server.tell(invitation.replaceAll(ROOM, 'no address'));
    server.tell(`<message xmlns='${NS.client}' from='${ROMEO}/phone' to='${ROMEO}'><x xmlns='${NS.directInvite}' jid='${ROOM}'/></message>`);
    server.deliver('after');
    await until(() => chatOf(model, JULIET) !== undefined, 'what came behind');
    expect(model.chats.map((one) => one.jid)).toEqual([JULIET]);
  });
});
