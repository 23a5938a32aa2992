import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { JULIET, named, ROMEO, ROOM, roomText, Scene } from './testing.ts';
import { ScriptedRoom } from './testing-groups.ts';
import type { Conversation, Message } from './types.ts';

const NURSE = 'nurse@example.org';
const TYBALT = 'tybalt@example.org';

let scene: Scene;
let room: ScriptedRoom;

beforeEach(() => {
  scene = new Scene();
  room = new ScriptedRoom(scene.server);
  room.members.set(NURSE, 'admin');
});

afterEach(() => scene.end());

/** Romeo is in the room, and its lists are known where they may be. */
async function inside(): Promise<{ model: Awaited<ReturnType<Scene['signedIn']>>['model']; chat: Conversation }> {
  const { model } = await scene.signedIn();
  await model.joinGroup(ROOM, 'Verona');
  await until(() => model.groups.get(ROOM)?.moderation === true, 'what the room says of itself');
  room.show('juliet', 'j', JULIET);
  await until(() => model.groups.row(ROOM)?.people['j']?.jid === JULIET, 'Juliet');
  return { model, chat: model.open(ROOM) };
}

async function said(chat: Conversation, body: string): Promise<Message> {
  chat.send(body);
  await until(() => named(chat, body)?.state === 'safe', body);
  return named(chat, body) as Message;
}

/** The marker has been taken in when a message behind it has. */
async function settled(chat: Conversation): Promise<void> {
  const id = crypto.randomUUID();
  scene.server.tell(roomText('juliet', id, id, 'j'));
  await until(() => named(chat, id) !== undefined, 'everything before');
}

const state = (chat: Conversation, body: string): string | undefined => named(chat, body)?.state;

describe('the ticks of a group', () => {
  it('are blue when all members have read it, also those who were not there when it was sent, and not before', async () => {
    const { chat } = await inside();
    await said(chat, 'hello');
    room.mark('juliet', 'j', room.archived('hello'));
    await until(() => named(chat, 'hello')?.readBy === 1, 'Juliet to have read it');
    expect(named(chat, 'hello')).toMatchObject({ state: 'safe', members: 2 });
    room.show('nurse', 'n', NURSE);
    room.mark('nurse', 'n', room.archived('hello'));
    await until(() => state(chat, 'hello') === 'read', 'blue ticks');
  });

  it('count a person once, with two clients and after a change of nickname', async () => {
    const { chat } = await inside();
    await said(chat, 'hello');
    room.mark('juliet', 'j', room.archived('hello'));
    room.show('capulet', 'j', JULIET);
    room.mark('capulet', 'j', room.archived('hello'));
    await settled(chat);
    expect(named(chat, 'hello')).toMatchObject({ state: 'safe', readBy: 1 });
  });

  it('do not wait for who came later, and do for who was there', async () => {
    const { model, chat } = await inside();
    await said(chat, 'before');
    room.announce(TYBALT, 'member');
    await until(() => model.chats.find((one) => one.jid === ROOM)?.members === 4, 'a fourth member');
    await said(chat, 'after');
    room.show('nurse', 'n', NURSE);
    room.mark('juliet', 'j', room.archived('after'));
    room.mark('nurse', 'n', room.archived('after'));
    await until(() => state(chat, 'before') === 'read', 'blue ticks');
    expect(named(chat, 'after')).toMatchObject({ state: 'safe', readBy: 2, members: 3 });
  });

  it('do not wait for who has left, and stay when they come back', async () => {
    const { model, chat } = await inside();
    await said(chat, 'hello');
    room.mark('juliet', 'j', room.archived('hello'));
    room.announce(NURSE, 'none');
    await until(() => state(chat, 'hello') === 'read', 'blue ticks');
    room.announce(NURSE, 'member');
    await until(() => model.chats.find((one) => one.jid === ROOM)?.members === 3, 'the nurse again');
    await settled(chat);
    expect(state(chat, 'hello')).toBe('read');
  });

  it('wait for somebody who came while nobody was connected', async () => {
    const { model, chat } = await inside();
    await said(chat, 'old');
    room.members.set(TYBALT, 'member');
    scene.server.resumable = false;
    scene.server.socket.cut();
    await until(() => model.connection === 'online' && scene.server.sockets.length > 1, 'another session');
    await until(() => model.chats.find((one) => one.jid === ROOM)?.members === 4, 'four members');
    await said(chat, 'new');
    room.show('nurse', 'n', NURSE);
    for (const [nick, id] of [['juliet', 'j'], ['nurse', 'n']] as const) room.mark(nick, id, room.archived('new'));
    await until(() => state(chat, 'old') === 'read', 'the older one');
    expect(state(chat, 'new')).toBe('safe');
  });

  it('never claim all where anybody can come in', async () => {
    room.membersOnly = false;
    const { chat } = await inside();
    await said(chat, 'hello');
    room.show('nurse', 'n', NURSE);
    room.mark('juliet', 'j', room.archived('hello'));
    room.mark('nurse', 'n', room.archived('hello'));
    await until(() => named(chat, 'hello')?.readBy === 2, 'two readers');
    expect(named(chat, 'hello')).toMatchObject({ state: 'safe' });
    expect(named(chat, 'hello')?.members).toBeUndefined();
  });

  it('never claim all where the lists are secret', async () => {
    room.lists = false;
    const { chat } = await inside();
    await said(chat, 'hello');
    room.show('nurse', 'n', NURSE);
    room.mark('juliet', 'j', room.archived('hello'));
    room.mark('nurse', 'n', room.archived('hello'));
    await until(() => named(chat, 'hello')?.readBy === 2, 'two readers');
    expect(state(chat, 'hello')).toBe('safe');
  });

  it('say that all have it, by receipts of some and markers of others', async () => {
    const { chat } = await inside();
    const { id } = await said(chat, 'hello');
    expect(scene.server.stanzas.some((stanza) => attribute(stanza, 'id') === id && child(stanza, 'request', NS.receipts))).toBe(true);
    room.show('nurse', 'n', NURSE);
    room.mark('juliet', 'j', room.archived('hello'));
    await settled(chat);
    expect(state(chat, 'hello')).toBe('safe');
    room.mark('nurse', 'n', id, 'received');
    await until(() => state(chat, 'hello') === 'delivered', 'two ticks');
  });

  it('tell who has read it, who has it and who has not', async () => {
    const { model, chat } = await inside();
    room.announce(TYBALT, 'member');
    await until(() => model.chats.find((one) => one.jid === ROOM)?.members === 4, 'four members');
    const { id, key } = await said(chat, 'hello');
    room.show('nurse', 'n', NURSE);
    room.mark('juliet', 'j', room.archived('hello'));
    room.mark('nurse', 'n', id, 'received');
    await settled(chat);
    const reach = await model.groups.reach(key);
    expect([reach?.read, reach?.received, reach?.waiting].map((people) => people?.map((person) => person.jid))).toEqual([[JULIET], [NURSE], [TYBALT]]);
  });

  it('learn from the archive who is behind an occupant-id', async () => {
    const { model, chat } = await inside();
    await said(chat, 'hello');
    const marker = roomText('nurse', 'm', '', 'n').replace('<body></body>', `<displayed xmlns='${NS.markers}' id='${room.archived('hello')}'/><x xmlns='${NS.mucUser}'><item jid='${NURSE}/phone'/></x>`);
    room.mark('juliet', 'j', room.archived('hello'));
    scene.server.resumable = false;
    scene.server.socket.cut();
    scene.server.keep(ROOM, marker);
    await until(() => model.connection === 'online' && scene.server.sockets.length > 1, 'another session');
    await until(() => state(chat, 'hello') === 'read', 'blue ticks');
  });
});

describe('in a group', () => {
  it('nobody changes what somebody else wrote under the same nickname', async () => {
    const { chat } = await inside();
    scene.server.tell(roomText('tybalt', 'one-1', 'mine', 'first'));
    await until(() => named(chat, 'mine') !== undefined, 'a message');
    scene.server.tell(roomText('tybalt', 'two', 'stolen', 'second').replace('</message>', `<replace xmlns='${NS.correct}' id='one-1'/></message>`));
    await settled(chat);
    expect(chat.messages.map((message) => message.body)).toContain('mine');
    scene.server.tell(roomText('renamed', 'three', 'better', 'first').replace('</message>', `<replace xmlns='${NS.correct}' id='one-1'/></message>`));
    await until(() => named(chat, 'better') !== undefined, 'the correction');
  });

  it('those who are mentioned are told, by reference or by name, and not by a part of a word', async () => {
    const { model, chat } = await inside();
    const mentioned = (): boolean | undefined => model.chats.find((one) => one.jid === ROOM)?.mentioned;
    scene.server.tell(roomText('juliet', 'a', 'how romeotic', 'j'));
    await until(() => named(chat, 'how romeotic') !== undefined, 'a message');
    expect(mentioned()).toBe(false);
    scene.server.tell(roomText('juliet', 'b', 'where art thou?', 'j').replace('</message>', `<reference xmlns='${NS.reference}' type='mention' uri='xmpp:${ROMEO}'/></message>`));
    await until(() => mentioned() === true, 'a mention');
    scene.server.tell(roomText('juliet', 'c', 'it is the east', 'j'));
    await until(() => named(chat, 'it is the east') !== undefined, 'one behind it');
    chat.read(named(chat, 'how romeotic')?.key ?? '');
    await until(() => model.chats.find((one) => one.jid === ROOM)?.unread === 2, 'one is read');
    expect(mentioned()).toBe(true);
    chat.read(named(chat, 'where art thou?')?.key ?? '');
    await until(() => model.chats.find((one) => one.jid === ROOM)?.unread === 1, 'the mention is read');
    expect(mentioned()).toBe(false);
  });
});

it('members whom one knows go by the name one knows, others by their nickname', async () => {
  const { model, chat } = await inside();
  scene.server.tell(`<iq xmlns='${NS.client}' type='set' id='push'><query xmlns='${NS.roster}'><item jid='${JULIET}' name='Juliet Capulet' subscription='both'/></query></iq>`);
  await until(() => model.people.contacts.some((contact) => contact.name === 'Juliet Capulet'), 'Juliet as a contact');
  scene.server.tell(roomText('juliet', 'known', 'known', 'j'));
  scene.server.tell(roomText('tybalt', 'stranger', 'stranger', 't'));
  await until(() => named(chat, 'stranger') !== undefined, 'both');
  expect(named(chat, 'known')?.senderName).toBe('Juliet Capulet');
  expect(named(chat, 'stranger')?.senderName).toBe('tybalt');
});

it('a name that somebody gives themselves shows wherever they are listed', async () => {
  const { model } = await scene.signedIn();
  scene.server.tell(`<iq xmlns='${NS.client}' type='set' id='push'><query xmlns='${NS.roster}'><item jid='${JULIET}' subscription='both'/></query></iq>`);
  await until(() => model.people.contacts.some((contact) => contact.jid === JULIET), 'Juliet as a contact');
  scene.server.tell(`<message xmlns='${NS.client}' from='${JULIET}' to='${ROMEO}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='${NS.nick}'><item id='current'><nick xmlns='${NS.nick}'>Juliet C.</nick></item></items></event></message>`);
  await until(() => model.people.contacts.some((contact) => contact.name === 'Juliet C.'), 'the name among the contacts');
});
