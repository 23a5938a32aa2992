import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, child } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { openDatabase } from './db.ts';
import { bodies, JULIET, ROMEO, Scene, text, type Tab } from './testing.ts';
import type { Chat, Conversation } from './types.ts';

let scene: Scene;
let server: Scene['server'];

beforeEach(() => {
  scene = new Scene();
  server = scene.server;
  server.inbox = true;
});

afterEach(() => scene.end());

const PEOPLE = [JULIET, 'nurse@example.org', 'mercutio@example.org', 'tybalt@example.org', 'paris@example.org'] as const;
const fills = (jid: string, count: number, from = 0): void => {
  for (let i = from; i < from + count; i++) server.keep(ROMEO, text(jid, ROMEO, `${jid}-${i}`, `${jid} ${i}`));
};

/** Everything that can be shown of a chat, in order, as one sees it who scrolls up to the beginning and down again. */
async function everything(chat: Conversation): Promise<string[]> {
  while (!chat.atOldest) await chat.older();
  const seen = bodies(chat);
  while (!chat.atNewest) {
    const last = bodies(chat).at(-1);
    await chat.newer();
    seen.push(...bodies(chat).slice(bodies(chat).indexOf(last ?? '') + 1));
  }
  return seen;
}

describe('a new device', () => {
  it('lists every chat with its last message and what is unread, however long the others are', async () => {
    for (const jid of PEOPLE) fills(jid, 3);
    fills(JULIET, 400);
    server.unread.set('nurse@example.org', 2);
    const { model } = await scene.signedIn();
    await until(() => model.chats.length === PEOPLE.length);
    expect(Object.fromEntries(model.chats.map((chat) => [chat.jid, [chat.last?.body, chat.unread]]))).toEqual({
      [JULIET]: [`${JULIET} 399`, 0],
      'nurse@example.org': ['nurse@example.org 2', 2],
      'mercutio@example.org': ['mercutio@example.org 2', 0],
      'tybalt@example.org': ['tybalt@example.org 2', 0],
      'paris@example.org': ['paris@example.org 2', 0],
    });
  });

  it('knows which messages the unread ones are when their page comes', async () => {
    fills(JULIET, 60);
    server.unread.set(JULIET, 3);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => chat.messages.length > 40);
    expect(chat.messages.filter((message) => message.unread).map((message) => message.body)).toEqual([57, 58, 59].map((i) => `${JULIET} ${i}`));
    expect(model.chats[0]?.unread).toBe(3);
    chat.read(chat.messages.at(-2)?.key ?? '');
    await until(() => model.chats[0]?.unread === 1);
  });

  it('takes for read what another device reads before the page is here', async () => {
    const ids = [0, 1, 2].map((i) => server.keep(ROMEO, text(JULIET, ROMEO, `m${i}`, `m${i}`)));
    server.unread.set(JULIET, 3);
    server.mds = `<item id='${JULIET}'><displayed xmlns='${NS.mds}'><stanza-id xmlns='${NS.sid}' id='${ids[1]}' by='${ROMEO}'/></displayed></item>`;
    const { model } = await scene.signedIn();
    await until(() => model.chats[0]?.unread === 1);
    const chat = model.open(JULIET);
    await until(() => chat.messages.length === 3);
    expect(chat.messages.map((message) => message.unread === true)).toEqual([false, false, true]);
  });

  it('fills the chats on top without being asked, and the others when they are opened', async () => {
    for (let i = 0; i < 32; i++) fills(`somebody${i}@example.org`, 2);
    const { model } = await scene.signedIn();
    await until(() => model.chats.length === 32);
    const db = await openDatabase(ROMEO);
    await until(async () => (await db.count('messages')) === 60, 'thirty chats');
    db.close();
    const chat = model.open('somebody0@example.org');
    await chat.older();
    expect(bodies(chat)).toEqual(['somebody0@example.org 0', 'somebody0@example.org 1']);
  });

  it('counts nothing twice that comes while the list is read', async () => {
    fills(JULIET, 2);
    server.unread.set(JULIET, 2);
    const reply = server.answer;
    let late = false;
    server.answer = (stanza) => {
      if (child(stanza, 'inbox', NS.inbox) && !late) {
        late = true;
        fills(JULIET, 3, 2);
        server.unread.set(JULIET, 5);
      }
      return reply(stanza, server);
    };
    const { model } = await scene.signedIn();
    await until(() => model.chats[0]?.last?.body === `${JULIET} 4`);
    expect(model.chats[0]?.unread).toBe(5);
  });

  it('makes no request again of a chat that was answered, when its other side asks again to see us', async () => {
    const before = await scene.signedIn();
    const ask = `<presence xmlns='${NS.client}' type='subscribe' from='${JULIET}' to='${ROMEO}'/>`;
    server.deliver('hi');
    server.tell(ask);
    const chatOf = (tab: Tab): Chat | undefined => tab.model.chats.find((chat) => chat.jid === JULIET);
    await until(() => chatOf(before)?.request === true, 'a request');
    const answer = server.keep(ROMEO, text(ROMEO, JULIET, 'from-the-phone', 'hello'));
    server.tell(`<message xmlns='${NS.client}' from='${ROMEO}'><sent xmlns='${NS.carbons}'><forwarded xmlns='${NS.forward}'>${text(ROMEO, JULIET, 'from-the-phone', 'hello', `<stanza-id xmlns='${NS.sid}' id='${answer}' by='${ROMEO}'/>`)}</forwarded></sent></message>`);
    await until(() => chatOf(before)?.request === undefined, 'no request any more');
    const after = await scene.reloaded(before);
    server.tell(ask);
    server.deliver('are you there?');
    await until(() => chatOf(after)?.last?.body === 'are you there?', 'what comes behind it');
    expect(chatOf(after)?.request).toBeUndefined();
    expect(server.stanzas.some((stanza) => attribute(stanza, 'type') === 'subscribed')).toBe(false);
  });

  it('makes a contact of whom one has let in while the server was out of reach', async () => {
    const { model, nudge } = await scene.signedIn();
    const ask = `<presence xmlns='${NS.client}' type='subscribe' from='${JULIET}' to='${ROMEO}'/>`;
    server.tell(ask);
    await until(() => model.chats.some((chat) => chat.jid === JULIET && chat.request === true), 'a request');
    server.down = true;
    server.resumable = false;
    server.socket.cut();
    await until(() => model.connection !== 'online', 'the cut');
    await model.startChat(JULIET);
    server.down = false;
    nudge();
    await until(() => model.connection === 'online', 'a connection');
    server.tell(ask);
    await until(() => server.stanzas.some((stanza) => attribute(stanza, 'type') === 'subscribed' && attribute(stanza, 'to') === JULIET), 'the answer');
    expect(model.chats.find((chat) => chat.jid === JULIET)?.request).toBeUndefined();
  });

  it('asks a stranger nothing away: a chat that we have answered is no request', async () => {
    server.keep(ROMEO, text(ROMEO, JULIET, 'mine', 'mine'));
    server.keep(ROMEO, text(JULIET, ROMEO, 'hers', 'hers'));
    fills('nurse@example.org', 1);
    const { model } = await scene.signedIn();
    await until(() => model.chats.find((chat) => chat.jid === JULIET)?.request === undefined && model.chats.length === 2);
    expect(model.chats.find((chat) => chat.jid === 'nurse@example.org')?.request).toBe(true);
  });

  it('shows old messages of ours as read where a newer one is', async () => {
    for (let i = 0; i < 120; i++) server.keep(ROMEO, text(ROMEO, JULIET, `m${i}`, `m${i}`));
    server.keep(ROMEO, `<message xmlns='${NS.client}' from='${JULIET}/x' to='${ROMEO}'><displayed xmlns='${NS.markers}' id='m119'/></message>`);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    while (!chat.atOldest || chat.messages.length === 0) await chat.older();
    expect(chat.messages[0]).toMatchObject({ body: 'm0', state: 'read' });
  });

  it('finds the place of a page when the archive was restored under other ids', async () => {
    fills(JULIET, 120);
    const { model } = await scene.signedIn();
    const chat = model.open(JULIET);
    await until(() => chat.messages.length >= 50);
    const entries = server.archives.get(ROMEO) ?? [];
    for (const entry of entries) entry.id = `restored-${entry.id}`;
    // Sender's ids that nobody would use twice tell the same message again.
    while (!chat.atOldest) await chat.older();
    expect(await everything(chat)).toEqual(Array.from({ length: 120 }, (_, i) => `${JULIET} ${i}`));
  });
});

/** Numbers that are the same for the same seed. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('any archive, cut off anywhere', () => {
  it.each(Array.from({ length: 24 }, (_, seed) => seed))('is shown whole, each message once, in order: %i', async (seed) => {
    const next = random(seed * 7919 + 1);
    server.inbox = next(4) > 0;
    // A question that was taken and not answered waits for its time in a resumed stream; a new one asks again at once.
    server.resumable = false;
    const person = (): string => PEOPLE[next(PEOPLE.length)] ?? JULIET;
    let n = 0;
    const put = (live: boolean): void => {
      const jid = person();
      const [from, to] = next(3) === 0 ? [ROMEO, jid] : [jid, ROMEO];
      const id = `message-number-${n++}`;
      const xml = next(5) > 0 ? text(from, to, id, id) : `<message xmlns='${NS.client}' from='${jid}/x' to='${ROMEO}'><received xmlns='${NS.receipts}' id='message-number-${next(n)}'/></message>`;
      const archived = server.keep(ROMEO, xml);
      if (live) server.tell(xml.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${archived}' by='${ROMEO}'/></message>`));
    };
    for (let i = next(700); i > 0; i--) put(false);
    const reply = server.answer;
    let cuts = next(6);
    server.answer = (stanza) => {
      const asks = child(stanza, 'query', NS.mam) ?? child(stanza, 'inbox', NS.inbox);
      if (!asks) return reply(stanza, server);
      // Whoever can ask is there, and is given what comes: what a cut swallows is caught up with by the next session.
      if (next(3) === 0) put(server.socket.readyState === 1);
      const cut = cuts > 0 && next(3) === 0;
      if (cut && next(2) === 0) {
        cuts--;
        server.socket.cut();
        return undefined;
      }
      const answer = reply(stanza, server);
      // The page has come, its end has not.
      if (cut) {
        cuts--;
        server.socket.cut();
        return undefined;
      }
      return answer;
    };
    let tab = await scene.signedIn();
    tab.model.open(PEOPLE[next(5)] ?? JULIET).send(`typed-early-${seed}`);
    if (next(2) === 0) tab = await scene.reloaded(tab);
    for (let i = next(20); i > 0; i--) put(server.socket.readyState === 1);
    const whole = (jid: string): string[] =>
      (server.archives.get(ROMEO) ?? []).flatMap(({ xml }) => (xml.slice(0, xml.indexOf('>')).includes(jid) ? (/<body>([^<]*)/u.exec(xml)?.[1] ?? []) : []));
    // What one types oneself stays where one saw it.
    const told = (all: string[]): string[] => all.filter((body) => !body.startsWith('typed'));
    server.answer = reply;
    tab.nudge();
    for (const jid of PEOPLE) {
      const chat = tab.model.open(jid);
      let seen: string[] = [];
      await until(async () => {
        await chat.toNewest();
        seen = [];
        await chat.older();
        if (chat.messages.length === 0 && whole(jid).length === 0) return true;
        seen = chat.atOldest || bodies(chat).length > 0 ? await everything(chat) : [];
        return told(seen).join() === told(whole(jid)).join() && seen.length === whole(jid).length;
      }, `all of ${jid}`).catch(() => expect(seen).toEqual(whole(jid)));
      chat.close();
    }
    expect(attribute(server.socket.received[0], 'to')).toBe('example.org');
  });
});
