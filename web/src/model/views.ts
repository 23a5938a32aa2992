import type { ChatRow, MessageRow } from './db.ts';
import type { Chat, Message, Reaction } from './types.ts';

/** What screens see of a row. */
export function viewMessage(row: MessageRow, account: string, members: number | undefined): Message {
  const readBy = row.readers?.length;
  return {
    key: row.key,
    chat: row.chat,
    id: row.id,
    ...(row.stanzaId ? { stanzaId: row.stanzaId } : {}),
    from: row.sender,
    senderName: row.senderName,
    mine: row.mine,
    at: row.at,
    body: row.body,
    state: groupState(row, members),
    ...(row.error ? { error: row.error } : {}),
    ...(row.edited ? { edited: true } : {}),
    ...(row.retracted ? { retracted: true } : {}),
    ...(row.forwarded ? { forwarded: true } : {}),
    ...(row.starred ? { starred: true } : {}),
    ...(row.replyTo ? { replyTo: row.replyTo } : {}),
    reactions: viewReactions(row.reactions, account),
    attachments: row.attachments,
    ...(readBy ? { readBy } : {}),
    ...(members ? { members } : {}),
    encrypted: row.encrypted,
    ...(row.unread ? { unread: true } : {}),
  };
}

/** A group's message is read when all others have read it, and not before. */
function groupState(row: MessageRow, members: number | undefined): Message['state'] {
  const all = members !== undefined && members > 1 && (row.readers?.length ?? 0) >= members - 1;
  return all && row.state === 'safe' ? 'read' : row.state;
}

function viewReactions(rows: MessageRow['reactions'], account: string): Reaction[] {
  const byEmoji = new Map<string, Reaction>();
  for (const [from, emojis] of Object.entries(rows)) {
    for (const emoji of emojis) {
      const reaction = byEmoji.get(emoji) ?? { emoji, from: [], mine: false };
      reaction.from.push(from);
      reaction.mine ||= from === account;
      byEmoji.set(emoji, reaction);
    }
  }
  return [...byEmoji.values()];
}

/** What only this moment knows of a chat. */
export interface Presence {
  typing: string[];
  online: boolean;
  avatar: string | undefined;
}

export function viewChat(row: ChatRow, last: Message | undefined, now: Presence): Chat {
  return {
    jid: row.jid,
    kind: row.kind,
    name: row.name,
    ...(now.avatar ? { avatar: now.avatar } : {}),
    ...(last ? { last } : {}),
    unread: row.unread,
    mentioned: row.mentioned,
    markedUnread: row.markedUnread,
    pinned: row.pinned,
    muted: row.muted,
    archived: row.archived,
    draft: row.draft,
    typing: now.typing,
    online: now.online,
    ...(row.members ? { members: row.members } : {}),
    ...(row.request ? { request: true } : {}),
  };
}
