import { toBase64 } from '../xmpp/base64.ts';
import { safeName } from '../xmpp/sharing.ts';
import { chatRow, place, refreshLast } from './chats.ts';
import * as compose from './compose.ts';
import { transact, type ChatRow, type Database, type FileRow, type MessageRow, type Transaction } from './db.ts';
import { makeRoom } from './shelf.ts';
import { NotTaken, type Attachment, type FileToSend } from './types.ts';

/** Beyond that a phone's memory is worth more than the proof that nothing was changed on the way. */
const MOST_TO_HASH = 64 * 1024 * 1024;

export interface Who {
  db: Database;
  account: string;
  now: () => number;
  /** What writing in a chat means for what was said in it before. */
  answered: (tx: Transaction, chat: ChatRow) => Promise<void>;
}

/**
 * Takes files into the database: the messages, the bytes, and what is to be done with them, in one strict transaction. From
 * then on they are sent, whatever happens to this page.
 * @throws NotTaken
 */
export async function attach(who: Who, jid: string, files: readonly FileToSend[], caption: string): Promise<void> {
  const limit = ((await who.db.get('meta', 'upload')) as { max?: number } | undefined)?.max;
  if (limit !== undefined && files.some((file) => file.blob.size > limit)) throw new NotTaken('too-large', limit);
  const attachments = await Promise.all(files.map(describe));
  const last = attachments.at(-1);
  if (last && caption !== '') last.desc = caption;
  const store = (): Promise<void> => transact(who.db, 'strict', (tx) => put(tx, who, jid, files, attachments, caption));
  try {
    await store();
  } catch (error) {
    if (!isFull(error)) throw error;
    await makeRoom(who.db, files.reduce((sum, file) => sum + file.blob.size, 0));
    await store().catch((again: unknown) => Promise.reject(isFull(again) ? new NotTaken('no-room') : again));
  }
}

export const isFull = (error: unknown): boolean => error instanceof Error && error.name === 'QuotaExceededError';

async function describe(file: FileToSend): Promise<Attachment> {
  const { blob, kind, type, width, height, seconds, thumbnail, peaks } = file;
  return {
    kind,
    name: safeName(file.name) || 'file',
    type,
    size: blob.size,
    hash: await hashOf(blob),
    ...(width && height ? { width, height } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(thumbnail ? { thumbnail } : {}),
    ...(peaks ? { peaks } : {}),
    state: 'remote',
  };
}

async function hashOf(blob: Blob): Promise<string> {
  try {
    // Also a way to see that the bytes can be read: a folder, or a file that is gone, cannot.
    const bytes = await (blob.size > MOST_TO_HASH ? blob.slice(0, 1) : blob).arrayBuffer();
    return blob.size > MOST_TO_HASH ? '' : await sha256(bytes);
  } catch {
    throw new NotTaken('unreadable');
  }
}

export async function sha256(bytes: ArrayBuffer): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

async function put(tx: Transaction, who: Who, jid: string, files: readonly FileToSend[], attachments: readonly Attachment[], caption: string): Promise<void> {
  const chat = await chatRow(tx, jid, jid === who.account ? 'self' : 'direct');
  const album = files.map(() => crypto.randomUUID());
  const captionKey = caption === '' ? undefined : crypto.randomUUID();
  for (const [at, attachment] of attachments.entries()) {
    const key = album[at] ?? '';
    const blob = files[at]?.blob ?? new Blob();
    await place(tx, chat, own(who, chat, key, '', [attachment]), 'newest');
    await tx.objectStore('files').add({ key, chat: jid, blob, album, ...(captionKey && at === files.length - 1 ? { caption: captionKey } : {}) });
  }
  if (captionKey) await place(tx, chat, own(who, chat, captionKey, caption, []), 'newest');
  await who.answered(tx, chat);
  await tx.objectStore('chats').put(chat);
}

/** A message of ours that has no place yet. */
export function own(who: Who, chat: ChatRow, key: string, body: string, attachments: Attachment[]): Omit<MessageRow, 'order'> {
  return {
    key,
    chat: chat.jid,
    id: key,
    archive: chat.kind === 'group' ? chat.jid : who.account,
    sender: who.account,
    senderName: '',
    mine: true,
    at: who.now(),
    body,
    state: 'sending',
    reached: Infinity,
    reactions: {},
    attachments,
    encrypted: 'none',
  };
}

/** The file is at the server: the message can go out, and its text behind it. @returns whether it was still wanted. */
export async function uploaded(tx: Transaction, n: number, url: string): Promise<MessageRow | undefined> {
  const file = await tx.objectStore('files').get(n);
  const row = file && (await tx.objectStore('messages').get(file.key));
  const chat = file && (await tx.objectStore('chats').get(file.chat));
  const [attachment] = row?.attachments ?? [];
  if (!file || !row || !chat || !attachment) return undefined;
  attachment.sources = [url];
  row.state = 'sending';
  await tx.objectStore('messages').put(row);
  await tx.objectStore('outbox').add(compose.file(chat, row.id, row.key, attachment));
  await tx.objectStore('media').put({ id: url, blob: file.blob, size: file.blob.size, used: Date.now() });
  await tx.objectStore('files').delete(n);
  if (file.caption) await release(tx, chat, file.caption);
  return row;
}

/** A text that has waited for its file. */
async function release(tx: Transaction, chat: ChatRow, key: string): Promise<void> {
  const row = await tx.objectStore('messages').get(key);
  if (row && !row.hidden && !row.retracted) await tx.objectStore('outbox').add(compose.text(chat, row.id, key, row.body));
}

/** The server does not take it. It stays here, with its bytes, until a person decides. */
export async function refused(tx: Transaction, n: number, error: string): Promise<MessageRow | undefined> {
  const file = await tx.objectStore('files').get(n);
  const row = file && (await tx.objectStore('messages').get(file.key));
  if (!file || !row) return undefined;
  await tx.objectStore('files').put({ ...file, refused: true });
  row.state = 'failed';
  row.error = error;
  await tx.objectStore('messages').put(row);
  return row;
}

/** Tries a refused file again: nobody has seen its message, so it stays the same one. */
export function retryFile(db: Database, key: string): Promise<void> {
  return transact(db, 'strict', async (tx) => {
    const file = await waitingFile(tx, key);
    const row = await tx.objectStore('messages').get(key);
    if (!file || !row) return;
    delete file.refused;
    await tx.objectStore('files').put(file);
    row.state = 'sending';
    delete row.error;
    await tx.objectStore('messages').put(row);
  });
}

/** Takes back what was not uploaded yet: its bytes go, and it leaves no trace. */
export function dropFile(db: Database, key: string): Promise<void> {
  return transact(db, 'strict', async (tx) => {
    const file = await waitingFile(tx, key);
    const row = await tx.objectStore('messages').get(key);
    const chat = file && (await tx.objectStore('chats').get(file.chat));
    if (file?.n === undefined || !row || !chat) return;
    await tx.objectStore('files').delete(file.n);
    await tx.objectStore('messages').put({ ...row, hidden: true, attachments: [] });
    if (file.caption) await passOn(tx, chat, file, file.caption);
    await refreshLast(tx, chat);
    await tx.objectStore('chats').put(chat);
  });
}

const waitingFile = (tx: Transaction, key: string): Promise<FileRow | undefined> => tx.objectStore('files').index('key').get(key);

/** A text whose file will not come goes with another file of the album, after those that are gone already, or not at all. */
async function passOn(tx: Transaction, chat: ChatRow, gone: FileRow, caption: string): Promise<void> {
  const others = gone.album.filter((key) => key !== gone.key);
  for (const key of [...others].reverse()) {
    const heir = await waitingFile(tx, key);
    if (!heir) continue;
    await tx.objectStore('files').put({ ...heir, caption });
    return describeBy(tx, key, caption);
  }
  const rows = await Promise.all(others.map((key) => tx.objectStore('messages').get(key)));
  if (rows.some((row) => row && !row.hidden && !row.retracted)) return release(tx, chat, caption);
  const text = await tx.objectStore('messages').get(caption);
  if (text) await tx.objectStore('messages').put({ ...text, hidden: true, body: '' });
}

async function describeBy(tx: Transaction, key: string, caption: string): Promise<void> {
  const row = await tx.objectStore('messages').get(key);
  const text = await tx.objectStore('messages').get(caption);
  const [attachment] = row?.attachments ?? [];
  if (!row || !attachment || !text) return;
  attachment.desc = text.body;
  await tx.objectStore('messages').put(row);
}
