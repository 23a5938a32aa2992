import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attribute, childText } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { until } from '../xmpp/testing.ts';
import { named, ROOM, Scene, type Tab } from './testing.ts';
import { ScriptedRoom } from './testing-groups.ts';
import type { Conversation, Message } from './types.ts';

let scene: Scene;
let room: ScriptedRoom;

beforeEach(() => {
  scene = new Scene();
  room = new ScriptedRoom(scene.server);
});

afterEach(() => scene.end());

async function inside(): Promise<{ tab: Tab; chat: Conversation }> {
  const tab = await scene.signedIn();
  await tab.model.joinGroup(ROOM, 'Verona');
  await until(() => tab.model.groups.get(ROOM)?.moderation === true, 'what the room says of itself');
  return { tab, chat: tab.model.open(ROOM) };
}

describe('what is about a message that the room has not shown yet', () => {
  const about = (ns: string): string | undefined =>
    scene.server.stanzas.flatMap((stanza) => [...stanza.children]).filter((part) => part.namespaceURI === ns).map((part) => attribute(part, 'id') ?? '').at(-1);

  /** The room keeps and echoes what is said there, but only when it is told to. */
  function slow(): () => void {
    const answer = scene.server.answer;
    const later: string[] = [];
    scene.server.answer = (stanza, scripted) => {
      const reply = answer(stanza, scripted);
      if (stanza.localName !== 'message' || reply === undefined) return reply;
      later.push(reply);
      return undefined;
    };
    return () => {
      scene.server.answer = answer;
      for (const reply of later) scene.server.tell(reply);
    };
  }

  it('waits for the name that the room gives it: reactions, answers, and what takes it back, in their order', async () => {
    const { chat } = await inside();
    const echo = slow();
    await chat.send('hello');
    const { key } = named(chat, 'hello') as Message;
    chat.react(key, '👍');
    await chat.send('an answer', { replyTo: key });
    await chat.send('behind it');
    await until(() => scene.server.stanzas.some((stanza) => childText(stanza, 'body', NS.client) === 'hello'), 'the message to go out');
    expect(named(chat, 'hello')?.reactions[0]?.mine).toBe(true);
    echo();
    await until(() => named(chat, 'behind it')?.state === 'safe', 'all');
    expect([about(NS.reactions), about(NS.reply)]).toEqual([room.archived('hello'), room.archived('hello')]);
    const order = scene.server.stanzas.filter((stanza) => attribute(stanza, 'type') === 'groupchat').map((stanza) => childText(stanza, 'body', NS.client));
    expect(order.map((body) => body?.split('\n').at(-1))).toEqual(['hello', undefined, 'an answer', 'behind it']);
  });

  it('is taken back under that name, also by the page that comes after', async () => {
    const before = await inside();
    const echo = slow();
    await before.chat.send('secret');
    await until(() => scene.server.stanzas.some((stanza) => childText(stanza, 'body', NS.client) === 'secret'), 'the message to go out');
    before.chat.retract((named(before.chat, 'secret') as Message).key);
    await until(() => before.chat.messages.some((message) => message.retracted), 'it to go');
    scene.server.resumable = false;
    echo();
    const { model } = await scene.reloaded(before.tab);
    await until(() => about(NS.retract) !== undefined, 'the retraction');
    expect(about(NS.retract)).toBe(room.archived('secret'));
    expect(await model.unsent()).toBe(1);
  });

  it('is sent all the same where it answers what is not sent any more', async () => {
    const { tab, chat } = await inside();
    scene.server.down = true;
    scene.server.resumable = false;
    scene.server.socket.cut();
    await until(() => tab.model.connection !== 'online', 'the cut');
    await chat.send('never mind');
    const { key } = named(chat, 'never mind') as Message;
    chat.react(key, '👍');
    await until(() => named(chat, 'never mind')?.reactions.length === 1, 'the reaction');
    await chat.send('an answer', { replyTo: key });
    chat.deleteForMe(key);
    await until(() => named(chat, 'never mind') === undefined, 'it to go');
    scene.server.down = false;
    tab.nudge();
    await until(() => named(chat, 'an answer')?.state === 'safe', 'the answer');
    expect(scene.server.stanzas.some((stanza) => childText(stanza, 'body', NS.client) === 'never mind')).toBe(false);
    expect(about(NS.reactions)).toBeUndefined();
    expect(await tab.model.unsent()).toBe(0);
  });

  it('does not keep back what has nothing to do with it, where the room refuses it', async () => {
    const { chat } = await inside();
    const answer = scene.server.answer;
    scene.server.answer = (stanza, scripted) =>
      childText(stanza, 'body', NS.client) === 'bad'
        ? `<message xmlns='${NS.client}' type='error' from='${ROOM}' id='%id%'><error type='cancel'><not-allowed xmlns='${NS.stanzaErrors}'/></error></message>`
        : answer(stanza, scripted);
    await chat.send('bad');
    const { key } = named(chat, 'bad') as Message;
    chat.react(key, '👍');
    await chat.send('good');
    await until(() => named(chat, 'good')?.state === 'safe', 'the other');
    expect(named(chat, 'bad')?.state).toBe('failed');
    expect(about(NS.reactions)).toBeUndefined();
    scene.server.answer = answer;
    chat.retry(key);
    await until(() => about(NS.reactions) !== undefined, 'the reaction, once it is there');
    expect(about(NS.reactions)).toBe(room.archived('bad'));
  });
});
