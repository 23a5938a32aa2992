import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMarks, writeMarks } from '../xmpp/chatsettings.ts';
import { attribute, child, parse, serialize } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { JULIET, ROMEO, ROOM, Scene, text } from './testing.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
  server.inbox = true;
  server.keep(ROMEO, text(JULIET, ROMEO, 'a-message-of-juliet', 'hi'));
});

afterEach(() => scene.end());

/** What was published about chats, by the names of what is set. */
function published(): string[] {
  return server.stanzas.flatMap((stanza) => {
    const publish = child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub);
    if (attribute(publish, 'node') !== NS.chatSettings) return [];
    expect(serialize(stanza)).toContain('whitelist');
    const item = child(publish, 'item', NS.pubsub);
    const names = [...(child(item, 'chat', NS.chatSettings)?.children ?? [])].map((each) => (each.localName === 'notify' ? (each.firstElementChild?.localName ?? '') : each.localName));
    return [`${attribute(item, 'id')}: ${names.sort().join(' ')}`];
  });
}
const event = (content: string): string =>
  `<message xmlns='${NS.client}' from='${ROMEO}'><event xmlns='${NS.pubsubEvent}'><items node='${NS.chatSettings}'>${content}</items></event></message>`;
const item = (content: string, jid = JULIET): string => `<item id='${jid}'><chat xmlns='${NS.chatSettings}'>${content}</chat></item>`;
const PINNED = `<pinned xmlns='${NS.pinning}'/>`;

it('goes to the other devices, also when it was changed without a connection and the page is gone since', async () => {
  const before = await scene.signedIn();
  await until(() => before.model.chats.length === 1);
  before.model.setPinned(JULIET, true);
  await until(() => published().includes(`${JULIET}: pinned`));
  server.down = true;
  server.socket.cut();
  before.model.setMuted(JULIET, true);
  before.model.setArchived(JULIET, true);
  before.model.markUnread(JULIET);
  await until(() => before.model.chats[0]?.markedUnread === true);
  before.model.close();
  server.down = false;
  const after = scene.load();
  await after.model.restore();
  await until(() => published().includes(`${JULIET}: archived never pinned unread`));
  after.model.setMuted(JULIET, false);
  await until(() => published().at(-1) === `${JULIET}: archived pinned unread`);
});

it('comes from the other devices, when they change it and when one begins', async () => {
  server.settings = item(PINNED);
  const { model } = await scene.signedIn();
  await until(() => model.chats[0]?.pinned === true);
  server.tell(event(item(`<notify xmlns='${NS.notify}'><never/></notify><archived/><unread/>`)));
  await until(() => model.chats[0]?.archived === true);
  expect(model.chats[0]).toMatchObject({ pinned: false, muted: true, markedUnread: true });
});

it('is not taken back by what is older than the last change here', async () => {
  const before = await scene.signedIn();
  await until(() => before.model.chats.length === 1);
  server.down = true;
  server.socket.cut();
  before.model.setPinned(JULIET, true);
  await until(() => before.model.chats[0]?.pinned === true);
  before.model.close();
  server.settings = item('<archived/>');
  server.down = false;
  const after = scene.load();
  await after.model.restore();
  await until(() => published().includes(`${JULIET}: pinned`));
  expect(after.model.chats[0]).toMatchObject({ pinned: true, archived: false });
});

it('waits for a chat that is not here yet, without listing it', async () => {
  server.settings = item(PINNED, 'nurse@example.org');
  const { model } = await scene.signedIn();
  await until(() => model.catchingUp === null && model.chats.length === 1);
  server.tell(text('nurse@example.org', ROMEO, 'a-message-of-nurse', 'hello'));
  await until(() => model.chats.find((chat) => chat.jid === 'nurse@example.org')?.pinned === true);
});

it('keeps the marks of a group in its bookmark, and what others keep there', async () => {
  server.bookmarks = `<item id='${ROOM}'><conference xmlns='${NS.bookmarks}' autojoin='true'><nick>romeo</nick><extensions>${PINNED}<other xmlns='x'/></extensions></conference></item>`;
  const { model } = await scene.signedIn();
  await until(() => model.chats.find((chat) => chat.jid === ROOM)?.pinned === true);
  model.setMuted(ROOM, true);
  await until(() => server.stanzas.some((stanza) => stanza.getElementsByTagNameNS(NS.notify, 'never').length > 0 && stanza.getElementsByTagNameNS(NS.bookmarks, 'conference').length > 0));
  const bookmark = server.stanzas.findLast((stanza) => stanza.getElementsByTagNameNS(NS.bookmarks, 'conference').length > 0);
  expect(bookmark?.getElementsByTagNameNS(NS.pinning, 'pinned').length).toBe(1);
  expect(bookmark?.getElementsByTagNameNS('x', 'other').length).toBe(1);
});

it.each([
  ['<never/>', true],
  ['<always/>', false],
  ['<never/><always identity-category="client"/>', false],
  ['<always/><always identity-category="client"/><never identity-category="client" identity-type="web"/>', true],
  ['<never identity-category="client" identity-type="phone"/>', false],
  ['<sometimes/>', false],
  ['', false],
])('reads what is meant for this app in %s', (content, muted) => {
  expect(readMarks(parse(`<extensions><notify xmlns='${NS.notify}'>${content}</notify></extensions>`)).muted).toBe(muted);
});

it('changes only what is its own, and nothing below advanced', () => {
  const extensions = parse(`<extensions><notify xmlns='${NS.notify}'><never identity-category='client' identity-type='phone'/><always><advanced><a xmlns='x'/></advanced></always></notify></extensions>`);
  if (!extensions) throw new Error('no XML');
  writeMarks(extensions, { pinned: false, muted: true });
  expect(readMarks(extensions)).toEqual({ pinned: false, muted: true });
  expect(serialize(extensions)).toContain('<never><advanced><a xmlns="x"/></advanced></never>');
  expect(serialize(extensions)).toContain('identity-type="phone"');
  const before = serialize(extensions);
  writeMarks(extensions, { pinned: false, muted: true });
  expect(serialize(extensions)).toBe(before);
});

describe('a group that another device has left while this one was away', () => {
  const ITEM = `<item id='${ROOM}'><conference xmlns='${NS.bookmarks}' autojoin='true'/></item>`;
  const left = (): boolean => server.stanzas.some((stanza) => attribute(stanza, 'type') === 'unavailable' && attribute(stanza, 'to')?.startsWith(ROOM) === true);

  it('is left here where its bookmark is gone', async () => {
    server.bookmarks = ITEM;
    const before = await scene.signedIn();
    await until(() => before.model.chats.some((chat) => chat.jid === ROOM), 'the group');
    server.bookmarks = '';
    server.resumable = false;
    const { model } = await scene.reloaded(before);
    await until(() => model.chats.every((chat) => chat.jid !== ROOM || chat.gone === 'left') && left(), 'the group to be left');
  });

  it('stays where the list is not whole, or never had it', async () => {
    const before = await scene.signedIn();
    const answer = server.answer;
    const refuses = (stanza: Element): boolean => attribute(child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub), 'node') === NS.bookmarks;
    server.answer = (stanza, scripted) => (refuses(stanza) ? `<iq xmlns='${NS.client}' type='error' id='%id%'><error type='cancel'><conflict xmlns='${NS.stanzaErrors}'/></error></iq>` : answer(stanza, scripted));
    await before.model.joinGroup(ROOM, 'Verona');
    server.resumable = false;
    const second = await scene.reloaded(before);
    await until(() => second.model.catchingUp === null && server.joined.has(ROOM), 'the group');
    server.answer = answer;
    server.bookmarks = ITEM;
    const third = await scene.reloaded(second);
    await until(() => third.model.catchingUp === null, 'a bookmark to be seen');
    server.bookmarks = '';
    server.answer = (stanza, scripted) => answer(stanza, scripted)?.replace(`<items node='${NS.bookmarks}'></items>`, `<items node='${NS.bookmarks}'></items><set xmlns='${NS.rsm}'><count>3</count></set>`);
    const fourth = await scene.reloaded(third);
    await until(() => fourth.model.catchingUp === null, 'the end of the beginning');
    expect(left()).toBe(false);
    expect(fourth.model.chats.find((chat) => chat.jid === ROOM)?.gone).toBeUndefined();
  });
});
