import { StanzaError } from '../xmpp/errors.ts';
import { queryInbox, type InboxEntry } from '../xmpp/inbox.ts';
import { queryArchive, type ArchivedMessage } from '../xmpp/mam.ts';
import { messageRow } from './arriving.ts';
import { chatRow } from './chats.ts';
import type { Context } from './context.ts';
import { transact, type Transaction } from './db.ts';
import { readMessage } from './incoming.ts';
import { remember } from './invitations.ts';
import { horizonKey, type Horizon } from './older.ts';

/** How often the list is read again because something came while it was. */
const TRIES = 5;
const MOST_PAGES = 40;

/**
 * The list of chats of an account that is new on this device (decision 21): last messages and counts from the server's inbox,
 * which are shown but not stored as messages; the archive is held from its present end on.
 * @returns the cursor; undefined where the server has no inbox.
 */
export async function takeInbox(context: Context, cursorKey: string): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    const last = await lastOfArchive(context);
    const end = last?.archiveId ?? '';
    const entries = await readAll(context);
    if (!entries) return undefined;
    // What came in between is in the list and comes again behind the cursor: it would be counted twice.
    if (attempt < TRIES && ((await lastOfArchive(context))?.archiveId ?? '') !== end) continue;
    await transact(context.db, 'default', async (tx) => {
      for (const entry of entries) await list(context, tx, entry);
      const message = last && readMessage(last.stanza, context.reading, { archive: context.account, archiveId: last.archiveId, at: last.at });
      await tx.objectStore('meta').put({ id: end, message } satisfies Horizon, horizonKey(context.account));
      await tx.objectStore('meta').put(end, cursorKey);
    });
    context.tell({ kind: 'changed', chats: await context.db.getAllKeys('chats') });
    return end;
  }
}

async function lastOfArchive(context: Context): Promise<ArchivedMessage | undefined> {
  return (await queryArchive(context.link, { before: '', max: 1 })).messages.at(-1);
}

async function readAll(context: Context): Promise<InboxEntry[] | undefined> {
  const entries: InboxEntry[] = [];
  let after: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    let page;
    try {
      page = await queryInbox(context.link, after);
    } catch (error) {
      const none = error instanceof StanzaError && ['feature-not-implemented', 'service-unavailable', 'bad-request', 'forbidden'].includes(error.condition);
      if (none) return undefined;
      throw error;
    }
    if (!page) return undefined;
    entries.push(...page.entries);
    if (page.next === undefined) break;
    after = page.next;
  }
  return entries;
}

async function list(context: Context, tx: Transaction, entry: InboxEntry): Promise<void> {
  const { account } = context;
  const incoming = readMessage(entry.last.stanza, context.reading, { archive: account, archiveId: entry.last.archiveId, at: entry.last.at });
  if (!incoming || incoming.group) return;
  if (incoming.content.type === 'invitation') {
    if (!incoming.mine) await remember(tx, incoming);
    // A room that invites is no person to chat with.
    if (incoming.chat === incoming.content.room) return;
  }
  const kind = incoming.chat === account ? 'self' : 'direct';
  const fresh = (await tx.objectStore('chats').count(incoming.chat)) === 0;
  const chat = await chatRow(tx, incoming.chat, kind);
  if (entry.unread > 0 && kind === 'direct') {
    chat.unread += entry.unread;
    chat.unreadBefore = entry.unread;
  }
  const contact = await tx.objectStore('contacts').get(incoming.chat);
  // Until the history says that they were answered.
  if (fresh && kind === 'direct' && !contact && !incoming.mine) chat.request = true;
  const { type } = incoming.content;
  const shown = (type === 'text' && incoming.content.replaces === undefined) || type === 'raw' || type === 'tombstone';
  if (!chat.lastKey && shown) chat.preview = { ...messageRow(incoming, chat), order: 0 };
  chat.lastAt = Math.max(chat.lastAt, incoming.at);
  await tx.objectStore('chats').put(chat);
}
