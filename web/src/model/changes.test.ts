import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { bodies, fromJuliet, JULIET, named, ROOM, roomText, Scene } from './testing.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
});

afterEach(() => scene.end());

describe('changing messages', () => {
  const refer = (id: string, payload: string): string => fromJuliet(`<body>changed</body>${payload}`).replace('<message ', `<message id='${id}' `);

  it('is for their authors only', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    chat.send('mine');
    server.deliver('m1', 'hers');
    await until(() => chat.messages.length === 2);
    server.tell(refer('e1', `<replace xmlns='${NS.correct}' id='${named(chat, 'mine')?.id}'/>`));
    server.tell(fromJuliet(`<retract xmlns='${NS.retract}' id='${named(chat, 'mine')?.id}'/>`));
    server.tell(refer('e2', `<replace xmlns='${NS.correct}' id='m1'/>`));
    await until(() => named(chat, 'changed') !== undefined);
    expect(bodies(chat).sort()).toEqual(['changed', 'mine']);
    expect(named(chat, 'changed')?.edited).toBe(true);
    server.tell(fromJuliet(`<retract xmlns='${NS.retract}' id='m1'/>`));
    await until(() => chat.messages.some((message) => message.retracted === true));
    expect(named(chat, 'mine')?.retracted).toBeUndefined();
  });

  it('waits for a message that comes later', async () => {
    const { model } = await scene.signedIn();
    server.tell(fromJuliet(`<reactions xmlns='${NS.reactions}' id='m1'><reaction>👍</reaction></reactions>`));
    server.deliver('m1', 'late');
    const chat = model.open(JULIET);
    await until(() => named(chat, 'late')?.reactions[0]?.emoji === '👍');
  });

  it('shows at once and is sent: edit, react, retract, reply, star, delete for me', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    server.deliver('m1', 'hers');
    await until(() => named(chat, 'hers') !== undefined);
    const hers = named(chat, 'hers')?.key ?? '';
    chat.send('mine', { replyTo: hers });
    await until(() => named(chat, 'mine')?.replyTo?.body === 'hers');
    const mine = named(chat, 'mine')?.key ?? '';
    chat.edit(mine, 'better');
    await until(() => named(chat, 'better')?.edited === true);
    chat.react(hers, '❤️');
    await until(() => named(chat, 'hers')?.reactions[0]?.mine === true);
    chat.react(hers, '❤️');
    await until(() => named(chat, 'hers')?.reactions.length === 0);
    chat.star(hers, true);
    await until(() => named(chat, 'hers')?.starred === true);
    chat.retract(mine);
    await until(() => chat.messages.some((message) => message.retracted === true));
    chat.deleteForMe(hers);
    await until(() => chat.messages.length === 1);
    await until(() => server.stanzas.some((stanza) => child(stanza, 'retract', NS.retract)));
    const kinds = [NS.reply, NS.correct, NS.reactions, NS.retract].map((ns) => server.stanzas.some((stanza) => [...stanza.children].some((part) => part.namespaceURI === ns)));
    expect(kinds).toEqual([true, true, true, true]);
  });

  it('does not let an older change come back over a newer one', async () => {
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    server.deliver('m1', 'first');
    await until(() => chat.messages.length === 1);
    server.tell(refer('e2', `<replace xmlns='${NS.correct}' id='m1'/>`));
    await until(() => named(chat, 'changed') !== undefined);
    server.tell(refer('e1', `<replace xmlns='${NS.correct}' id='m1'/><delay xmlns='${NS.delay}' stamp='2020-01-01T00:00:00Z'/>`).replace('>changed<', '>old<'));
    server.deliver('m2', 'afterwards');
    await until(() => named(chat, 'afterwards') !== undefined);
    expect(bodies(chat)).toEqual(['changed', 'afterwards']);
  });
});

describe('groups', () => {
  const group = `<item id='${ROOM}'><conference xmlns='${NS.bookmarks}' name='Verona' autojoin='true'><nick>romeo</nick></conference></item>`;

  it('are entered from bookmarks, caught up, and heard live', async () => {
    server.bookmarks = group;
    server.keep(ROOM, roomText('juliet', 'g1', 'before', 'her'));
    const { model } = await scene.signedIn();
    await until(() => model.chats.some((chat) => chat.name === 'Verona' && chat.last?.body === 'before'));
    const chat = model.open(ROOM);
    const live = roomText('juliet', 'g2', 'live', 'her');
    const id = server.keep(ROOM, live);
    server.tell(live.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${id}' by='${ROOM}'/></message>`));
    await until(() => bodies(chat).join() === 'before,live');
    expect(chat.messages[1]).toMatchObject({ senderName: 'juliet', mine: false });
  });

  it('take a message when they show it, once', async () => {
    server.bookmarks = group;
    const { model } = await scene.signedIn();
    await until(() => server.joined.has(ROOM) && model.chats.length === 1);
    server.acknowledges = false;
    const chat = model.open(ROOM);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.state === 'safe');
    expect(chat.messages).toHaveLength(1);
    expect(named(chat, 'hello')?.stanzaId).toBeDefined();
  });

  it('that do not know us any more are entered again, and get what they refused', async () => {
    server.bookmarks = group;
    const { model } = await scene.signedIn();
    await until(() => server.joined.has(ROOM) && model.chats.length === 1);
    server.joined.clear();
    const chat = model.open(ROOM);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.stanzaId !== undefined, 'the echo');
    expect(named(chat, 'hello')?.state).toBe('safe');
    expect(chat.messages).toHaveLength(1);
  });

  it('count who has read', async () => {
    server.bookmarks = group;
    const { model } = await scene.signedIn();
    await until(() => server.joined.has(ROOM) && model.chats.length === 1);
    const chat = model.open(ROOM);
    chat.send('hello');
    await until(() => named(chat, 'hello')?.stanzaId !== undefined);
    const marker = `<displayed xmlns='${NS.markers}' id='${named(chat, 'hello')?.stanzaId}'/>`;
    for (let twice = 0; twice < 2; twice++) server.tell(`<message xmlns='${NS.client}' type='groupchat' from='${ROOM}/juliet' id='r'>${marker}</message>`);
    await until(() => named(chat, 'hello')?.readBy === 1);
  });
});

describe('several tabs', () => {
  it('have one connection, and the next one leads when the first goes', async () => {
    const first = await scene.signedIn();
    const sockets = server.sockets.length;
    const second = scene.load();
    await second.model.restore();
    await until(() => second.model.connection === 'online', 'the state of the leader');
    expect(server.sockets).toHaveLength(sockets);
    const chat = second.model.open(JULIET);
    chat.send('from the second');
    await until(() => named(chat, 'from the second')?.state === 'safe');
    const other = first.model.open(JULIET);
    await until(() => bodies(other).includes('from the second'));
    first.model.close();
    server.deliver('m1', 'to the second');
    await until(() => server.sockets.length === sockets + 1, 'a new connection');
    await until(() => bodies(chat).includes('to the second'));
    expect(bodies(chat)).toEqual(['from the second', 'to the second']);
  });
});

describe('the list', () => {
  it('keeps drafts, pins, mutes and archives over a reload, and finds words', async () => {
    const before = await scene.signedIn();
    const chat = before.model.open(JULIET);
    server.deliver('m1', 'Wherefore art thou');
    await until(() => chat.messages.length === 1);
    chat.setDraft('I am');
    chat.close();
    before.model.setPinned(JULIET, true);
    before.model.setMuted(JULIET, true);
    before.model.markUnread(JULIET);
    await until(() => before.model.chats[0]?.draft === 'I am' && before.model.chats[0].pinned && before.model.chats[0].muted);
    const after = await scene.reloaded(before);
    expect(after.model.chats[0]).toMatchObject({ draft: 'I am', pinned: true, muted: true, markedUnread: true });
    expect((await after.model.search('ART thou')).map((message) => message.body)).toEqual(['Wherefore art thou']);
  });

  it('shows who types, until they do not', async () => {
    const { model } = await scene.signedIn();
    await model.startChat(JULIET);
    server.tell(fromJuliet(`<composing xmlns='${NS.chatStates}'/>`));
    await until(() => model.chats[0]?.typing.length === 1);
    server.tell(fromJuliet('<body>done</body>'));
    await until(() => model.chats[0]?.typing.length === 0);
  });

  it('tells the server when nobody looks', async () => {
    await scene.signedIn();
    const nonzas = (): string[] => server.socket.received.filter((element) => element.namespaceURI === NS.csi).map((element) => element.localName);
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => nonzas().at(-1) === 'inactive');
    Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => nonzas().at(-1) === 'active');
  });
});
