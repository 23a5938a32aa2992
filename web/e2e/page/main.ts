import '../../src/trusted-types.ts';
import { LiveModel } from '../../src/model/live.svelte.ts';
import { browserNudges } from '../../src/model/nudges.ts';
import { browserTransfer, type Transfer } from '../../src/model/transfer.ts';
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
  /** Sends a file of that name and many bytes; settles when it is safe here: from then on it must not be lost. */
  share(chat: string, name: string, size: number): Promise<void>;
  /** The names of files that are here and are what was sent, fetched where they are not, and how their messages stand. */
  files(chat: string): Promise<{ name: string; whole: boolean; mine: boolean; state: string }[]>;
  /** Every message of a chat, oldest first, through the window that screens see. */
  all(chat: string): Promise<Pick<Message, 'body' | 'mine' | 'state'>[]>;
  /** How the messages of a chat are encrypted, as far as its window shows them. */
  seals(chat: string): Pick<Message, 'body' | 'mine' | 'encrypted' | 'state' | 'error'>[];
}

/** `?seal`: with OMEMO, as the app has it. */
const seals = new URLSearchParams(location.search).has('seal');
const address = new URLSearchParams(location.search).get('ws') ?? '';
/** Files go through the same network as everything else. */
const near = (url: string): string => url.replace(/^https?:\/\/[^/]+/, address.replace(/^ws(:\/\/[^/]+).*/, 'http$1'));
const transfer: Transfer = {
  put: (url, ...rest) => browserTransfer.put(near(url), ...rest),
  get: (url, signal) => fetch(near(url), { signal, credentials: 'omit', referrerPolicy: 'no-referrer' }),
};
const model = new LiveModel({
  url: () => Promise.resolve(address),
  wire: (events) => new WebSocketWire(events),
  nudges: browserNudges,
  transfer,
  ...(seals ? { omemo: async (store) => (await import('../../src/omemo/open.ts')).openOmemo(store) } : {}),
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
  async share(chat, name, size) {
    const bytes = new TextEncoder().encode(name.padEnd(64, '.').repeat(Math.ceil(size / 64)));
    await conversation(chat).attach([{ blob: new Blob([bytes]), kind: 'file', name, type: 'application/octet-stream' }], '');
  },
  async files(chat) {
    const at = conversation(chat);
    while (!at.atOldest && at.messages.length < 80) await at.older();
    for (const message of at.messages) {
      for (const [place, attachment] of message.attachments.entries()) if (attachment.state === 'remote' || attachment.state === 'failed') at.load(message.key, place);
    }
    const shared = at.messages.filter((message) => message.attachments.length > 0);
    // What is `ready` was compared with the hash its sender gave it.
    return shared.map(({ attachments: [file], mine, state }) => ({ name: file?.name ?? '', whole: file?.state === 'ready' && file.url !== undefined, mine, state }));
  },
  seals: (chat) => conversation(chat).messages.filter((message) => !message.notice).map(({ body, mine, encrypted, state, error }) => ({ body, mine, encrypted, state, ...(error ? { error } : {}) })),
  async all(chat) {
    const reader = model.open(chat);
    await reader.toNewest();
    const seen = new Map(reader.messages.map((message) => [message.key, message]));
    while (!reader.atOldest) {
      // Without a connection nobody knows whether there is more, and it would be asked without end.
      await until(() => model.connection === 'online');
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
