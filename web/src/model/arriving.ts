import type { ChatRow, MessageRow } from './db.ts';
import type { Incoming } from './incoming.ts';

/** A message that has not got its place yet. */
export function messageRow(incoming: Incoming, chat: ChatRow): Omit<MessageRow, 'order'> {
  const { content } = incoming;
  const row: Omit<MessageRow, 'order'> = {
    key: crypto.randomUUID(),
    chat: incoming.chat,
    id: incoming.id,
    ...(incoming.stanzaId ? { stanzaId: incoming.stanzaId } : {}),
    archive: incoming.archive,
    sender: incoming.sender,
    senderName: incoming.group ? incoming.senderName : chat.name,
    ...(incoming.occupant ? { occupant: incoming.occupant } : {}),
    ...(incoming.group && incoming.mine ? { audience: chat.membership ?? 0 } : {}),
    mine: incoming.mine,
    ...(content.type === 'text' && content.forwarded ? { forwarded: true } : {}),
    at: incoming.at,
    body: content.type === 'text' ? content.body : '',
    state: 'safe',
    reactions: {},
    attachments: content.type === 'text' ? content.attachments : [],
    encrypted: content.type === 'raw' && content.cause !== 'unreadable' ? 'failed' : content.type === 'text' && content.sealed ? 'omemo' : 'none',
    ...(content.type === 'text' && content.sealed ? { sealedBy: content.sealed } : {}),
  };
  if (content.type === 'raw') return { ...row, raw: content.xml, error: `message.${content.cause}` };
  return content.type === 'tombstone' ? { ...row, retracted: true } : row;
}

export function byChat(messages: readonly Incoming[]): Incoming[][] {
  const chats = new Map<string, Incoming[]>();
  for (const incoming of messages) chats.set(incoming.chat, [...(chats.get(incoming.chat) ?? []), incoming]);
  return [...chats.values()];
}

/** Whether it has a place in its chat, as opposed to what says something about another message. */
export function isRow({ content }: Incoming): boolean {
  return content.type === 'raw' || content.type === 'tombstone' || content.type === 'echo' || (content.type === 'text' && content.replaces === undefined);
}

/** What is known of old messages before they come: how many of others are unread, and that the others have read on. */
export function ofHistory(row: Omit<MessageRow, 'order'>, chat: ChatRow): void {
  if (row.mine) {
    if (chat.seen !== undefined && chat.kind === 'direct') row.state = 'read';
  } else if (chat.unreadBefore && !row.retracted) {
    row.unread = 1;
    // It is in the chat's count already.
    chat.unread--;
    chat.unreadBefore--;
  }
}

/** What is left of a message that was taken back. */
export function erase(row: MessageRow): void {
  row.retracted = true;
  row.body = '';
  row.attachments = [];
  row.reactions = {};
  delete row.replyTo;
  delete row.raw;
}

/** One person, whatever client and nickname; contacts are known by their address. */
export const personOf = (incoming: Incoming): string => (incoming.group ? (incoming.occupant ?? incoming.real ?? incoming.sender) : incoming.sender);

/** What is older than the last change of the same thing comes late, or again. */
export function isLater(row: MessageRow, what: string, at: number): boolean {
  if (at < (row.changed?.[what] ?? 0)) return false;
  row.changed = { ...row.changed, [what]: at };
  return true;
}
