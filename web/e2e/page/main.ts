import '../../src/trusted-types.ts';
import { LiveModel } from '../../src/model/live.svelte.ts';
import { browserNudges } from '../../src/model/reconnect.ts';
import type { Conversation, Message } from '../../src/model/types.ts';
import { WebSocketWire } from '../../src/xmpp/websocket.ts';

/** The model without screens, for tests that cut its network. `?ws=` is the address of the WebSocket. */
export interface Bench {
  model: LiveModel;
  restored: Promise<boolean>;
  /** Sends, and settles when it is shown: from then on it must not be lost. */
  say(chat: string, body: string): Promise<void>;
  /** Reads up to the newest message with that text. */
  read(chat: string, body: string): Promise<void>;
  /** Every message of a chat, oldest first, through the window that screens see. */
  all(chat: string): Promise<Pick<Message, 'body' | 'mine' | 'state'>[]>;
}

const address = new URLSearchParams(location.search).get('ws') ?? '';
const model = new LiveModel({
  url: () => Promise.resolve(address),
  wire: (events) => new WebSocketWire(events),
  nudges: browserNudges,
});
const open = new Map<string, Conversation>();

function conversation(chat: string): Conversation {
  const known = open.get(chat) ?? model.open(chat);
  open.set(chat, known);
  return known;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const bench: Bench = {
  model,
  restored: model.restore(),
  async say(chat, body) {
    const at = conversation(chat);
    at.send(body);
    await until(() => at.messages.some((message) => message.mine && message.body === body));
  },
  async read(chat, body) {
    const at = conversation(chat);
    await until(() => at.messages.some((message) => message.body === body));
    at.read(at.messages.findLast((message) => message.body === body)?.key ?? '');
  },
  async all(chat) {
    const reader = model.open(chat);
    await reader.toNewest();
    const seen = new Map(reader.messages.map((message) => [message.key, message]));
    while (!reader.atOldest) {
      await reader.older();
      const page = reader.messages.filter((message) => !seen.has(message.key));
      const before = [...page.map((message) => [message.key, message] as const), ...seen];
      seen.clear();
      for (const [key, message] of before) seen.set(key, message);
    }
    reader.close();
    return [...seen.values()].map(({ body, mine, state }) => ({ body, mine, state }));
  },
};

Object.assign(globalThis, { bench });
