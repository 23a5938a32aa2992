import { readSettings, setSettings, type ChatSettings } from '../xmpp/chatsettings.ts';
import { LinkError } from '../xmpp/errors.ts';
import { NS } from '../xmpp/ns.ts';
import { itemsRequest, readItems, type PepItem } from '../xmpp/pubsub.ts';
import { chatRow } from './chats.ts';
import type { Context } from './context.ts';
import { transact, type ChatRow, type Transaction } from './db.ts';

/** Beyond that a list is somebody's mistake. */
const MOST = 5000;

/** Pinned, muted, archived, marked unread: the same on all devices (docs/decisions/024-settings-of-chats.md). The last one to write wins. */
export class SettingsSync {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  async begin(): Promise<void> {
    const answer = await this.#context.link.request(itemsRequest(NS.chatSettings)).catch(() => undefined);
    if (answer) await this.told(readItems(answer));
    await this.publish();
  }

  async told(items: PepItem[]): Promise<void> {
    const settings = items.slice(0, MOST).flatMap((item) => readSettings(item) ?? []);
    if (settings.length === 0) return;
    const chats = await transact(this.#context.db, 'default', async (tx) => {
      const changed: string[] = [];
      for (const one of settings) if (await apply(tx, one, this.#context.account)) changed.push(one.chat);
      return changed;
    });
    if (chats.length > 0) this.#context.tell({ kind: 'changed', chats });
  }

  /** Tells the server what it has not been told yet. */
  async publish(): Promise<void> {
    if (!this.#context.link.online) return;
    for (const chat of await this.#context.db.getAll('chats')) {
      if (!chat.unsentSettings) continue;
      const sent = settingsOf(chat);
      try {
        await this.#context.link.request(setSettings(sent));
      } catch (error) {
        // A server that keeps nothing refuses: then each device has its own.
        if (error instanceof LinkError) return;
      }
      await transact(this.#context.db, 'default', async (tx) => {
        const now = await tx.objectStore('chats').get(chat.jid);
        // More may have been changed meanwhile.
        if (!now || JSON.stringify(settingsOf(now)) !== JSON.stringify(sent)) return;
        delete now.unsentSettings;
        await tx.objectStore('chats').put(now);
      });
    }
  }
}

const settingsOf = ({ jid, pinned, muted, archived, markedUnread }: ChatRow): ChatSettings => ({ chat: jid, pinned, muted, archived, markedUnread });

async function apply(tx: Transaction, { chat: jid, ...settings }: ChatSettings, account: string): Promise<boolean> {
  const known = await tx.objectStore('chats').get(jid);
  // What was decided here and not told yet is newer.
  if (known?.unsentSettings) return false;
  // A chat that has not come yet is not listed before it does.
  const chat = known ?? { ...(await chatRow(tx, jid, jid === account ? 'self' : 'direct')), deleted: true };
  // A group's marks are in its bookmark, where other apps look for them.
  const { pinned, muted } = chat.kind === 'group' ? chat : settings;
  const next: ChatRow = { ...chat, ...settings, pinned, muted };
  if (known && JSON.stringify(settingsOf(next)) === JSON.stringify(settingsOf(known))) return false;
  await tx.objectStore('chats').put(next);
  return true;
}
