/** How far a message of ours has come; never a step too early (DELIVERY R1/R2): */
export type MessageState = 'sending' | 'safe' | 'delivered' | 'read' | 'failed';
export type ChatKind = 'direct' | 'group' | 'self';
export interface Reaction { emoji: string; from: string[]; mine: boolean }
export interface Attachment { kind: 'image' | 'video' | 'audio' | 'voice' | 'file' | 'location' | 'contact' | 'sticker' | 'link';
  name: string; type: string; size: number; url?: string; thumbnail?: string; width?: number; height?: number; seconds?: number; progress?: number;
  state: 'remote' | 'loading' | 'ready' | 'uploading' | 'failed' }
export interface Message { key: string /* local, stable */; chat: string /* bare JID */; id: string /* origin-id */; stanzaId?: string; from: string /* bare JID or occupant */;
  senderName: string; mine: boolean; at: number /* ms, server time where known */; body: string; state: MessageState; error?: string /* i18n key */;
  edited?: boolean; retracted?: boolean; forwarded?: boolean; starred?: boolean; replyTo?: { id: string; senderName: string; body: string };
  reactions: Reaction[]; attachments: Attachment[]; readBy?: number /* groups */; members?: number; encrypted: 'none' | 'omemo' | 'failed'; unread?: boolean }
export interface Chat { jid: string; kind: ChatKind; name: string; avatar?: string /* blob: URL */; last?: Message; unread: number; mentioned: boolean; markedUnread: boolean;
  pinned: boolean; muted: boolean; archived: boolean; draft: string; typing: string[]; lastSeen?: number; online?: boolean; members?: number; request?: boolean /* a stranger */ }
export type ConnectionState = 'offline' | 'connecting' | 'online';
/** What the screens see; implemented by the model (live) and by the seed (pictures, tests). Getters are reactive ($state behind). */
export interface Model {
  readonly me: { jid: string; name: string; avatar?: string } | null;
  readonly connection: ConnectionState; readonly offlineSince: number | null;
  readonly chats: readonly Chat[]; readonly unreadTotal: number;
  open(chat: string): Conversation; 
  startChat(jid: string): Promise<Chat>; setPinned(jid: string, on: boolean): void; setMuted(jid: string, on: boolean): void; setArchived(jid: string, on: boolean): void; markUnread(jid: string): void;
  search(text: string): Promise<Message[]>;
  signIn(address: string, password: string): Promise<void>; signOut(): Promise<void>;
}
/** A sliced window of messages of one chat (web.md: ~90 rows). */
export interface Conversation {
  readonly chat: Chat; readonly messages: readonly Message[]; readonly atNewest: boolean; readonly atOldest: boolean; readonly loading: boolean;
  older(): Promise<void>; newer(): Promise<void>; toNewest(): Promise<void>; 
  send(body: string, options?: { replyTo?: string }): void; edit(key: string, body: string): void; retract(key: string): void; deleteForMe(key: string): void;
  react(key: string, emoji: string): void; retry(key: string): void; setDraft(text: string): void; setTyping(on: boolean): void; read(key: string): void; star(key: string, on: boolean): void; close(): void;
}
