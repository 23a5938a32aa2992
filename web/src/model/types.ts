import type { Affiliation } from '../xmpp/mucadmin.ts';
import type { Trust } from '../omemo/types.ts';
import type { Seals } from './seals.ts';
import type { Doorway } from './doorway.ts';

/** How far a message of ours has come; never a step too early (DELIVERY R1/R2): */
export type MessageState = 'sending' | 'safe' | 'delivered' | 'read' | 'failed';
export type ChatKind = 'direct' | 'group' | 'self';
export interface Reaction { emoji: string; from: string[]; mine: boolean }
export interface Attachment { kind: 'image' | 'video' | 'audio' | 'voice' | 'file' | 'location' | 'contact' | 'sticker' | 'link';
  name: string; type: string; size: number; url?: string /* blob: of a file that is here; the address of a card */; sources?: string[] /* where a file is */; hash?: string; desc?: string;
  thumbnail?: string; width?: number; height?: number; seconds?: number; peaks?: number[] /* of a voice, in 0…100 */; progress?: number;
  state: 'remote' | 'loading' | 'ready' | 'uploading' | 'failed' | 'sealed' /* encrypted in a way that cannot be opened here */ }
/** A file that is ready to be sent: pictures have their size and no more than they should tell. */
export interface FileToSend { blob: Blob; kind: 'image' | 'video' | 'audio' | 'voice' | 'file'; name: string; type: string; width?: number; height?: number; seconds?: number; thumbnail?: string; peaks?: number[] }
/** Why files were not taken: `limit` is the server's, in bytes. Nothing was sent then, and nothing is lost. */
export class NotTaken extends Error {
  readonly reason: 'too-large' | 'no-room' | 'unreadable'; readonly limit: number | undefined;
  constructor(reason: 'too-large' | 'no-room' | 'unreadable', limit?: number) { super(reason); this.reason = reason; this.limit = limit; }
}
export interface Message { key: string /* local, stable */; chat: string /* bare JID */; id: string /* origin-id */; stanzaId?: string; from: string /* bare JID or occupant */;
  senderName: string; mine: boolean; at: number /* ms, server time where known */; body: string; state: MessageState; error?: string /* i18n key */;
  edited?: boolean; retracted?: boolean; forwarded?: boolean; starred?: boolean; replyTo?: { id: string; senderName: string; body: string };
  reactions: Reaction[]; attachments: Attachment[]; readBy?: number /* groups */; members?: number; encrypted: 'none' | 'omemo' | 'failed'; unread?: boolean; sealedBy?: { device: number; trust: Trust };
  /** No message: somebody has another device, or one of theirs another key. */ notice?: { kind: 'new-device' | 'changed-key'; name: string; mine: boolean; verified: boolean } }
export interface Chat { jid: string; kind: ChatKind; name: string; avatar?: string /* blob: URL */; last?: Message; unread: number; mentioned: boolean; markedUnread: boolean;
  pinned: boolean; muted: boolean; archived: boolean; draft: string; typing: string[]; lastSeen?: number; online?: boolean; members?: number; request?: boolean /* a stranger */; gone?: RoomEnd /* a group one is in no more */; voiceless?: boolean /* only admins write there */;
  /** What is written here is encrypted; is not because a person wants it so; because nobody has asked for it; or because somebody has no app for it. Absent: not known. */
  lock?: 'sealed' | 'off' | 'able' | 'none'; without?: string[] /* names of those who have none */; unreached?: number /* devices that the last message was not for */ }
export type ConnectionState = 'offline' | 'connecting' | 'online';
/** Why one is in a group no more. */
export type RoomEnd = 'left' | 'removed' | 'banned' | 'destroyed';
/** How far a group's message has come with each member it counts for. `all` is false where nobody can know who belongs to it. */
export interface Reach { read: Person[]; received: Person[]; waiting: Person[]; all: boolean }
export interface Person { jid?: string; name: string; avatar?: string }
export type { Affiliation, Trust };
export interface GroupMember extends Person { affiliation: Affiliation; me: boolean }
/** What is known of a group. `making`: it is not whole yet; with `error` its server has refused. */
export interface Group { jid: string; description: string; membersOnly: boolean; adminsOnly: boolean; moderation: boolean; mine: Affiliation; members: GroupMember[]; making?: { error?: string } }
/** The condition of a refusal, or 'offline'; undefined when it was done. */
export type Refusal = string | undefined;
export interface Groups {
  get(room: string): Group | null;
  /** Written down before anything is sent; it comes into being as soon as there is a connection. */
  create(name: string, people: readonly string[], picture?: Blob): Promise<Chat>;
  again(room: string): void; refresh(room: string): void;
  rule(room: string, people: readonly string[], affiliation: Affiliation): Promise<Refusal>;
  configure(room: string, change: { name?: string; description?: string; adminsOnly?: boolean }): Promise<Refusal>;
  setPicture(room: string, picture: Blob | null): Promise<Refusal>;
  moderate(room: string, key: string): Promise<Refusal>;
  /** Who gets the group when its only owner goes; null: nobody is left, and it ends. */
  successor(room: string): GroupMember | null | undefined;
  leave(room: string): Promise<void>;
  reach(key: string): Promise<Reach | null>;
}
export interface Contact extends Person { jid: string; subscription: string; pending: boolean; online: boolean }
export interface People {
  readonly contacts: readonly Contact[]; readonly blocked: readonly string[]; readonly reports: boolean; readonly lastSeen: boolean;
  rename(jid: string, name: string): Promise<Refusal>; remove(jid: string): Promise<Refusal>;
  block(jid: string, report?: { reason: 'spam' | 'abuse'; text: string }): Promise<Refusal>; unblock(jid: string): Promise<Refusal>;
  setName(name: string): Promise<Refusal>; setPicture(picture: Blob | null): Promise<Refusal>; setLastSeen(on: boolean): Promise<void>;
  /** Asks since when somebody is away, where both let each other know. */
  look(jid: string): void;
}
export interface Stranger { sameServer: boolean; groups: string[]; messages: number; more: boolean; /** Somebody we know whose name looks the same. */ like?: string }
/** What the screens see; implemented by the model (live) and by the seed (pictures, tests). Getters are reactive ($state behind). */
export interface Model {
  readonly me: { jid: string; name: string; avatar?: string } | null;
  readonly connection: ConnectionState; readonly offlineSince: number | null;
  readonly chats: readonly Chat[]; readonly unreadTotal: number;
  readonly groups: Groups; readonly people: People;
  open(chat: string): Conversation; 
  startChat(jid: string): Promise<Chat>; setPinned(jid: string, on: boolean): void; setMuted(jid: string, on: boolean): void; setArchived(jid: string, on: boolean): void; markUnread(jid: string): void;
  /** Newest first, at most a hundred; nothing when it is given up. */
  search(text: string, where?: { chat?: string; signal?: AbortSignal }): Promise<Message[]>;
  starred(): Promise<Message[]>;
  /** Copies to other chats, all or none. @throws Error when they could not be stored. */
  forward(keys: readonly string[], chats: readonly string[]): Promise<void>;
  /** Takes it away from this device; `deleteChat` also from the list until something new comes. */
  clearChat(jid: string): Promise<void>; deleteChat(jid: string): Promise<void>;
  /** What is known of somebody who is no contact. */
  stranger(jid: string): Promise<Stranger>;
  /** The newest messages are being fetched; `fresh`: for the first time on this device. */
  readonly catchingUp: 'fresh' | 'behind' | null;
  /** Messages that have not reached the server. */
  unsent(): Promise<number>;
  /** Something that a person did could not be stored. */
  onTrouble: (error: unknown) => void;
  signIn(address: string, password: string): Promise<void>; signOut(): Promise<void>;
  /** How people come in and let others in; absent where there is no server. */
  doorway?(): Promise<Doorway>;
  /** Devices and what is thought of them; absent where nothing is encrypted. */
  seals?(): Promise<Seals>;
}
/** A sliced window of messages of one chat (web.md: ~90 rows). */
export interface Conversation {
  readonly chat: Chat; readonly messages: readonly Message[]; readonly atNewest: boolean; readonly atOldest: boolean; readonly loading: boolean;
  older(): Promise<void>; newer(): Promise<void>; toNewest(): Promise<void>; 
  /** Moves the window to a message, by key or by what others call it; false where it is not to be had. */
  reach(keyOrId: string): Promise<boolean>;
  /** `replyTo` is a key. @throws Error when it could not be stored. */
  send(body: string, options?: { replyTo?: string; mentions?: readonly { text: string; jid: string }[] }): Promise<void>;
  /** Settles when they are safe on this device; from then on they are sent, whatever happens to the page. @throws NotTaken */
  attach(files: readonly FileToSend[], caption: string): Promise<void>;
  /** Fetches a file, by the message's key and the file's place in it. */
  load(key: string, at: number): void;
  /** Ends an upload (the message is gone then) or a download. */
  cancel(key: string): void;
  edit(key: string, body: string): void; retract(key: string): void; deleteForMe(key: string): void;
  react(key: string, emoji: string): void; retry(key: string): void; setDraft(text: string): void; setTyping(on: boolean): void; read(key: string): void; star(key: string, on: boolean): void; close(): void;
}
