import { resource } from '../xmpp/jid.ts';
import type { ChatRow, MessageRow } from './db.ts';
import { audienceOf, resolved, type RoomRow } from './roomstate.ts';
import type { Chat, Message, MessageState, Person, Reach, Reaction } from './types.ts';

/** What screens see of a row. @param room What is known of it, where the chat is a group. @param called What one calls somebody of it, whatever the nickname. */
export function viewMessage(row: MessageRow, account: string, room?: RoomRow, called?: (jid: string, nick: string) => string): Message {
  const group = row.mine && (row.readers !== undefined || row.audience !== undefined) ? groupTicks(row, account, room) : undefined;
  const sender = row.mine || row.occupant === undefined ? undefined : room?.people[row.occupant]?.jid;
  return {
    key: row.key,
    chat: row.chat,
    id: row.id,
    ...(row.stanzaId ? { stanzaId: row.stanzaId } : {}),
    from: row.sender,
    senderName: (sender && called?.(sender, row.senderName)) ?? row.senderName,
    mine: row.mine,
    at: row.at,
    body: row.body,
    state: group?.state ?? row.state,
    ...(row.error ? { error: row.error } : {}),
    ...(row.edited ? { edited: true } : {}),
    ...(row.retracted ? { retracted: true } : {}),
    ...(row.forwarded ? { forwarded: true } : {}),
    ...(row.starred ? { starred: true } : {}),
    ...(row.replyTo ? { replyTo: row.replyTo } : {}),
    reactions: viewReactions(row.reactions, account, room),
    attachments: row.attachments,
    ...(group?.readBy ? { readBy: group.readBy } : {}),
    ...(group?.members ? { members: group.members } : {}),
    encrypted: row.encrypted,
    ...(row.sealedBy ? { sealedBy: row.sealedBy } : {}),
    ...(row.notice ? { notice: { kind: row.notice.kind, name: called?.(row.notice.jid, '') ?? row.notice.jid, mine: row.notice.jid === account, verified: row.notice.verified } } : {}),
    ...(row.unread ? { unread: true } : {}),
  };
}

/** A group's message is read when all have read it who belonged to it then and still do, and not before; delivered likewise. */
function groupTicks(row: MessageRow, account: string, room: RoomRow | undefined): { state: MessageState; readBy: number; members: number | undefined } {
  const readers = resolved(room, row.readers, account);
  const all = room?.closed && row.audience !== undefined ? audienceOf(room, row.audience, account) : [];
  if (!room || all.length === 0) return { state: row.state, readBy: readers.size, members: undefined };
  const have = resolved(room, row.receivers, account);
  const read = all.filter((jid) => readers.has(jid)).length;
  const received = all.filter((jid) => readers.has(jid) || have.has(jid)).length;
  const state = row.state !== 'safe' ? row.state : read === all.length ? 'read' : received === all.length ? 'delivered' : 'safe';
  return { state, readBy: read, members: all.length };
}

/** Who has read a group's message, who has it, and who does not yet. */
export function viewReach(row: MessageRow, account: string, room: RoomRow | undefined, name: (jid: string, nick?: string) => Person): Reach {
  const nicks = new Map(Object.entries(room?.people ?? {}).map(([id, person]) => [person.jid ?? id, person.nick]));
  const readers = resolved(room, row.readers, account);
  const receivers = [...resolved(room, row.receivers, account)].filter((jid) => !readers.has(jid));
  const waiting = room?.closed && row.audience !== undefined ? audienceOf(room, row.audience, account).filter((jid) => !readers.has(jid) && !receivers.includes(jid)) : [];
  const people = (jids: Iterable<string>): Person[] => [...jids].map((jid) => name(jid, nicks.get(jid))).sort((a, b) => a.name.localeCompare(b.name));
  return { read: people(readers), received: people(receivers), waiting: people(waiting), all: room?.closed === true };
}

function viewReactions(rows: MessageRow['reactions'], account: string, room: RoomRow | undefined): Reaction[] {
  const byEmoji = new Map<string, Reaction>();
  for (const [from, emojis] of Object.entries(rows)) {
    for (const emoji of emojis) {
      const reaction = byEmoji.get(emoji) ?? { emoji, from: [], mine: false };
      reaction.from.push(room?.people[from]?.nick ?? (resource(from) || from));
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
  /** ms, where somebody lets us know. */
  lastSeen?: number | undefined;
}

export function viewChat(row: ChatRow, last: Message | undefined, now: Presence, room?: RoomRow): Chat {
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
    ...(row.gone ? { gone: row.gone } : {}),
    ...lockOf(row),
    ...(room?.voiceless ? { voiceless: true } : {}),
    ...(now.lastSeen === undefined ? {} : { lastSeen: now.lastSeen }),
  };
}

function lockOf({ sealed, sealable, plain, without, unreached }: ChatRow): Pick<Chat, 'lock' | 'without' | 'unreached'> {
  return {
    ...(plain ? { lock: 'off' as const } : sealed ? { lock: 'sealed' as const } : sealable ? { lock: 'able' as const } : without ? { lock: 'none' as const } : {}),
    ...(without?.length ? { without } : {}),
    ...(unreached?.length ? { unreached: unreached.length } : {}),
  };
}
