import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction } from 'idb';
import type { DeviceRow, SessionRow } from '../omemo/types.ts';
import type { RoomRow } from './roomstate.ts';
import type { Attachment, ChatKind, Message, MessageState, RoomEnd } from './types.ts';

/** A message as it is kept. Rows of a chat lie in the order of its archive by `order`; times are only shown. */
export interface MessageRow {
  key: string;
  chat: string;
  /** What its sender calls it. */
  id: string;
  /** What the archive calls it; absent until it is known. */
  stanzaId?: string;
  /** Whose archive: the account's or the room's address. */
  archive: string;
  /** The account, a contact's address, or an occupant's. */
  sender: string;
  senderName: string;
  /** Rooms: who wrote it, whatever the nickname is by now (XEP-0421). */
  occupant?: string;
  mine: boolean;
  at: number;
  order: number;
  /** Ours: the place from which on it is known to be in the archive, where that is not `order`; Infinity until it is known. */
  reached?: number;
  body: string;
  state: MessageState;
  error?: string;
  edited?: boolean;
  /** When the body and each sender's reactions changed last. */
  changed?: Record<string, number>;
  retracted?: boolean;
  forwarded?: boolean;
  /** 1, because indexes hold no booleans; absent otherwise. */
  starred?: 1;
  /** Its sender wants to know that it arrived, and is a stranger who is not told yet. */
  owed?: true;
  /** Deleted for this device; the row stays so that the archive cannot bring it back. */
  hidden?: boolean;
  replyTo?: NonNullable<Message['replyTo']>;
  /** Sender to emojis. */
  reactions: Record<string, string[]>;
  attachments: Attachment[];
  /** Groups: who has read it and who has received it, by occupant-id. */
  readers?: string[];
  receivers?: string[];
  /** Groups: the version of the room's membership when it was taken; whoever came later does not count. */
  audience?: number;
  encrypted: Message['encrypted'];
  /** Whose device has encrypted it, and what was thought of that device then. */
  sealedBy?: NonNullable<Message['sealedBy']>;
  /** No message but a line about somebody's devices. */
  notice?: { kind: 'new-device' | 'changed-key'; jid: string; device: number; verified: boolean };
  /** 1: not read yet. A number, because indexes hold no booleans; absent otherwise. */
  unread?: 1;
  /** It is unread, and mentions us. */
  mention?: 1;
  /** What could not be understood, to be read again by a version that can. */
  raw?: string;
}

export interface ChatRow {
  jid: string;
  kind: ChatKind;
  name: string;
  lastKey?: string;
  /** The last message as the server's list shows it, while no message of the chat is here. */
  preview?: MessageRow;
  lastAt: number;
  unread: number;
  /** How many of them are not here yet; the newest that history brings. */
  unreadBefore?: number;
  mentioned: boolean;
  markedUnread: boolean;
  pinned: boolean;
  muted: boolean;
  archived: boolean;
  draft: string;
  request: boolean;
  /** A request that was opened: its sender is to be a contact. */
  accepted?: true;
  /** The orders in use; the next newer row takes max + 1, the next older one min - 1. */
  minOrder: number;
  maxOrder: number;
  /** The last `reached` that was given, and the messages that have one and were not read. */
  reached?: number;
  late?: string[];
  /** How far back its archive was read; what is there may be nothing that is shown. */
  oldest?: string;
  /** Cleared on this device: this message and what is older stays away. */
  cleared?: { at: number; id: string };
  /** Deleted from the list until something new comes. */
  deleted?: boolean;
  /** There is nothing older at the server either, or nothing older is wanted. */
  complete: boolean;
  /** The archive id up to which it was read here and which the server has not been told yet (XEP-0490). */
  unsentDisplayed?: string;
  /** The archive id up to which another device has read, while that message is not here. */
  displayed?: string;
  /** The others have read something of ours, and with it all that was before (XEP-0333 §4.1). */
  seen?: number;
  /** Pinned, muted, archived or marked unread here, and the server has not been told yet. */
  unsentSettings?: true;
  /** Everybody here has devices to encrypt for. Stays so until a person ends it: whoever hides devices must not get the text in the clear. */
  sealed?: true;
  /** A person has switched encryption off, for this device alone: what a server stores could be changed there. */
  plain?: true;
  /** Somebody here has encrypted, or the person at this device wants it. */
  asksToSeal?: true;
  /** Everybody here has devices to encrypt for now. */
  sealable?: boolean;
  /** Who has no device to encrypt for, by address; some of them where they are many. */
  without?: string[];
  /** Devices that the last message was not encrypted for, and why. */
  unreached?: { jid: string; device: number; kind: string }[];
  /** Rooms: the nickname, our occupant-id, and whether to be in it. */
  nick?: string;
  occupantId?: string;
  autojoin?: boolean;
  members?: number;
  /** Rooms: the version of the membership, as in the room's own row. */
  membership?: number;
  /** Rooms: it is known who can read in it. */
  closed?: boolean;
  /** Rooms: why one is in it no more. */
  gone?: RoomEnd;
  /** Rooms: the server has not been told yet whether to be in it (XEP-0402). */
  unsentBookmark?: true;
  /** Rooms: there was a bookmark for it; where that is gone, another device has left. */
  bookmarked?: boolean;
  /** Rooms: who has brought us in. */
  invitedBy?: string;
}

/** What must reach the server: removed when it has said so (XEP-0198), or has shown it to us again. */
export interface OutboxRow {
  seq?: number;
  chat: string;
  room: boolean;
  /** Only the echo counts: a room that refuses is answered for by the same acknowledgement as one that takes. */
  echoed: boolean;
  id: string;
  xml: string;
  /** The message whose state it carries; absent for receipts, markers and the like. */
  key?: string;
  /** The message of ours that it is about and that the room has not named yet: it waits until then. */
  about?: string;
  /** To be encrypted before it leaves; `xml` is then what the person wrote. `may`: nobody has promised that, and where it cannot be done it goes as it is. */
  seal?: 'must' | 'may';
}

export interface ReceiptRow {
  chat: string;
  id: string;
  from: string;
  kind: 'delivered' | 'read';
}

/** Something that refers to a message which is not here yet. */
export interface WaitingRow {
  n?: number;
  chat: string;
  id: string;
  incoming: unknown;
}

export interface ContactRow {
  jid: string;
  name?: string;
  nick?: string;
  subscription: string;
  /** We have asked to see them and were not answered yet. */
  pending: boolean;
}

export interface AvatarRow {
  jid: string;
  hash: string;
  picture?: Blob;
}

/** The bytes of a message that has no address to be fetched from yet. In the order they go out. */
export interface FileRow {
  n?: number;
  /** The message. */
  key: string;
  chat: string;
  blob: Blob;
  /** All messages of the files that were chosen together, this one among them. */
  album: string[];
  /** The text that goes out right after this file. */
  caption?: string;
  /** The server has refused it: it waits for a person, not for the network. */
  refused?: true;
}

/** The bytes of a file that is at a server, by its address: what can be fetched again, and may go when room is needed. */
export interface MediaRow {
  id: string;
  blob: Blob;
  size: number;
  used: number;
}

/** The devices that somebody has published (XEP-0384 0.3 §4.2), as they were seen last. */
export interface DeviceListRow {
  jid: string;
  devices: number[];
  /** ms; when it became as it is. */
  at: number;
}

export interface NyalaSchema extends DBSchema {
  meta: { key: string; value: unknown };
  chats: { key: string; value: ChatRow };
  messages: {
    key: string;
    value: MessageRow;
    indexes: { order: [string, number]; id: [string, string]; archive: [string, string]; unread: [string, number]; at: number; starred: number };
  };
  outbox: { key: number; value: OutboxRow; indexes: { id: [string, string]; key: string } };
  receipts: { key: [string, string, string]; value: ReceiptRow; indexes: { message: [string, string] } };
  waiting: { key: number; value: WaitingRow; indexes: { message: [string, string] } };
  contacts: { key: string; value: ContactRow };
  avatars: { key: string; value: AvatarRow };
  rooms: { key: string; value: RoomRow };
  files: { key: number; value: FileRow; indexes: { key: string } };
  media: { key: string; value: MediaRow; indexes: { used: [number, number] } };
  omemo: { key: string; value: unknown };
  sessions: { key: [string, number]; value: SessionRow };
  devices: { key: [string, number]; value: DeviceRow };
  devicelists: { key: string; value: DeviceListRow };
}

export type Database = IDBPDatabase<NyalaSchema>;
export const STORES = ['meta', 'chats', 'messages', 'outbox', 'receipts', 'waiting', 'contacts', 'avatars', 'rooms', 'files', 'media', 'omemo', 'sessions', 'devices', 'devicelists'] as const;
export type Transaction = IDBPTransaction<NyalaSchema, (typeof STORES)[number][], 'readwrite'>;

function makeStores(db: Database): void {
  db.createObjectStore('meta');
  db.createObjectStore('chats', { keyPath: 'jid' });
  const messages = db.createObjectStore('messages', { keyPath: 'key' });
  messages.createIndex('order', ['chat', 'order'], { unique: true });
  messages.createIndex('id', ['chat', 'id']);
  messages.createIndex('archive', ['archive', 'stanzaId'], { unique: true });
  messages.createIndex('unread', ['chat', 'unread']);
  messages.createIndex('at', 'at');
  messages.createIndex('starred', 'starred');
  const outbox = db.createObjectStore('outbox', { keyPath: 'seq', autoIncrement: true });
  outbox.createIndex('id', ['chat', 'id']);
  outbox.createIndex('key', 'key');
  db.createObjectStore('receipts', { keyPath: ['chat', 'id', 'from'] }).createIndex('message', ['chat', 'id']);
  db.createObjectStore('waiting', { keyPath: 'n', autoIncrement: true }).createIndex('message', ['chat', 'id']);
  db.createObjectStore('contacts', { keyPath: 'jid' });
  db.createObjectStore('avatars', { keyPath: 'jid' });
  db.createObjectStore('rooms', { keyPath: 'jid' });
  db.createObjectStore('files', { keyPath: 'n', autoIncrement: true }).createIndex('key', 'key', { unique: true });
  db.createObjectStore('media', { keyPath: 'id' }).createIndex('used', ['used', 'size']);
}

/** `omemo` holds our own keys and the revision of all that OMEMO keeps. */
function makeOmemoStores(db: Database): void {
  db.createObjectStore('omemo');
  db.createObjectStore('sessions', { keyPath: ['jid', 'device'] });
  db.createObjectStore('devices', { keyPath: ['jid', 'device'] });
  db.createObjectStore('devicelists', { keyPath: 'jid' });
}

/** Opens one account's data. A newer version in another tab makes this one step aside rather than block it. */
export function openDatabase(account: string, outdated: () => void = () => undefined): Promise<Database> {
  return openDB<NyalaSchema>(`nyala:${account}`, 2, {
    upgrade(db, before) {
      if (before < 1) makeStores(db);
      if (before < 2) makeOmemoStores(db);
    },
    blocking(_old, _new, event) {
      (event.target as IDBDatabase).close();
      outdated();
    },
  });
}

/**
 * One transaction over everything. `strict`: it has reached the disk when the promise settles; Chromium's default has only
 * reached the operating system (what others sent is at the server anyway, what we send is nowhere else).
 */
export async function transact<T>(db: Database, durability: 'strict' | 'default', work: (tx: Transaction) => Promise<T>): Promise<T> {
  const tx = db.transaction([...STORES], 'readwrite', { durability });
  try {
    const result = await work(tx);
    await tx.done;
    return result;
  } catch (error) {
    // What failed half way must leave nothing; it may have aborted by itself already.
    try {
      tx.abort();
    } catch {
      // It has.
    }
    await tx.done.catch(() => undefined);
    throw error;
  }
}
