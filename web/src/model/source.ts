import type { Actions } from './actions.ts';
import type { ConversationSource } from './conversation.svelte.ts';
import type { Database, MessageRow } from './db.ts';
import type { Media } from './media.ts';
import { orderOf, rowsOf } from './rows.ts';
import type { Chat, Message } from './types.ts';

/** What a tab's model does for its conversations. */
export interface Host {
  db(): Database;
  chat(jid: string): Chat;
  view(row: MessageRow): Message;
  /** Undefined when nobody is signed in any more. */
  media(): Media | undefined;
  ask(method: string, ...args: unknown[]): Promise<unknown>;
  /** Fails where it could not be stored. */
  does(jid: string, action: (actions: Actions) => Promise<unknown>): Promise<void>;
  /** Says by itself where it could not be stored; `then` is asked of the leader. */
  act(jid: string, action: (actions: Actions) => Promise<unknown>, then?: string): void;
}

export function sourceOf(host: Host, jid: string, closed: () => void): ConversationSource {
  /** Writes in the chat: what was unread in it is read then, on all devices. */
  const writes = async (work: (actions: Actions) => Promise<unknown>): Promise<void> => {
    const { unread, markedUnread } = host.chat(jid);
    await host.does(jid, work);
    if (unread || markedUnread) void host.ask('share').catch(() => undefined);
  };
  return {
    chat: () => host.chat(jid),
    view: (row) => ({ ...host.view(row), attachments: host.media()?.view(row, host.chat(jid).request === true) ?? row.attachments }),
    rows: (range, limit, newestFirst) => rowsOf(host.db(), jid, range, limit, newestFirst),
    fetchOlder: async (max) => (await host.ask('older', jid, host.chat(jid).kind === 'group', max)) === true,
    order: (keyOrId) => orderOf(host.db(), jid, keyOrId),
    act: {
      send: async (body, replyTo, mentions) => {
        await writes((actions) => actions.send(jid, body, replyTo, mentions));
        // From now on there is something to lose. Where the browser says no, it may still clear everything.
        void navigator.storage?.persist?.().catch(() => undefined);
      },
      edit: (key, body) => host.act(jid, (actions) => actions.edit(jid, key, body)),
      retract: (key) => host.act(jid, (actions) => actions.retract(jid, key)),
      deleteForMe: (key) => host.act(jid, (actions) => actions.deleteForMe(jid, key)),
      react: (key, emoji) => host.act(jid, (actions) => actions.react(jid, key, emoji)),
      retry: (key) => host.act(jid, (actions) => actions.retry(jid, key)),
      draft: (text) => host.act(jid, (actions) => actions.set(jid, { draft: text })),
      typing: (on) => void host.ask('typing', jid, on).catch(() => undefined),
      read: (key) => host.act(jid, (actions) => actions.read(jid, key), 'share'),
      attach: (files, caption) => writes((actions) => actions.attach(jid, files, caption)),
      load: (row, at) => host.media()?.load(row, at),
      cancel: (key) => (host.media()?.cancel(key), host.act(jid, (actions) => actions.cancel(key))),
      star: (key, on) => host.act(jid, (actions) => actions.star(jid, key, on)),
    },
    closed,
  };
}
