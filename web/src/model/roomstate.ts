import { MOST_LISTED } from '../xmpp/listed.ts';
import type { Affiliation, Listed } from '../xmpp/mucadmin.ts';
import { chatRow } from './chats.ts';
import type { Transaction } from './db.ts';

export interface Member {
  affiliation: Affiliation;
  nick?: string;
  /** The version of the membership that it came with. */
  since: number;
}

/** What a room is and who belongs to it. Apart from the chat, which changes with every message. */
export interface RoomRow {
  jid: string;
  /** Rises whenever somebody comes, and with each session, because somebody may have come while nobody looked. */
  version: number;
  /** Whether `members` is everybody who can read: the room is for members only, and its lists could be read whole. */
  closed: boolean;
  /** Owners, admins and members by address. */
  members: Record<string, Member>;
  /** Who goes by an occupant-id (XEP-0421), as far as the room has shown it. */
  people: Record<string, { jid?: string; nick: string }>;
  description?: string;
  membersOnly: boolean;
  /** Who is behind a nickname is known to all: else nobody could be encrypted for. */
  showsAddresses?: boolean;
  /** Only those with voice may write. */
  moderated: boolean;
  /** We may read but not write (§5.1.1: a visitor where others have voice). */
  voiceless?: boolean;
  /** Messages can be taken back by moderators (XEP-0425). */
  moderation: boolean;
  /** It invites whoever becomes a member itself. */
  invites?: boolean;
  /** What is still to be done for a group that is being made here. */
  making?: Making;
  /** What is still to be done to leave it. */
  leaving?: { successor?: string; destroy?: boolean };
}

export interface Picture {
  type: string;
  bytes: ArrayBuffer;
}

export interface Making {
  name: string;
  people: string[];
  picture?: Picture;
  /** The condition of the refusal that has stopped it. */
  error?: string;
}

/** Occupants remembered of one room; strangers come and go in public ones. */
const MOST_PEOPLE = 2000;

export const emptyRoom = (jid: string): RoomRow => ({
  jid, version: 1, closed: false, members: {}, people: {}, membersOnly: false, moderated: false, moderation: false,
});

export const belongs = (affiliation: Affiliation): boolean => affiliation === 'owner' || affiliation === 'admin' || affiliation === 'member';

/** Changes a room and with it what its chat says of it. `change` returns whether anything is different. */
export async function changeRoom(tx: Transaction, jid: string, change: (room: RoomRow) => boolean): Promise<boolean> {
  const rooms = tx.objectStore('rooms');
  const room = (await rooms.get(jid)) ?? emptyRoom(jid);
  if (!change(room)) return false;
  await rooms.put(room);
  const chat = await chatRow(tx, jid, 'group');
  chat.membership = room.version;
  chat.closed = room.closed;
  if (room.closed) chat.members = Object.keys(room.members).length;
  await tx.objectStore('chats').put(chat);
  return true;
}

/** Somebody has become something, or nothing. @param certain Nobody can have come unseen since the version began. */
export function setMember(room: RoomRow, listed: Listed, certain: boolean): boolean {
  const { jid, affiliation, nick } = listed;
  const known = room.members[jid];
  if (!belongs(affiliation)) {
    if (!known) return false;
    room.members = Object.fromEntries(Object.entries(room.members).filter(([other]) => other !== jid));
    return true;
  }
  if (known?.affiliation === affiliation && (nick === undefined || known.nick === nick)) return false;
  if (!known && certain) room.version++;
  room.members = { ...room.members, [jid]: { affiliation, since: known?.since ?? room.version, ...(nick ?? known?.nick ? { nick: nick ?? known?.nick ?? '' } : {}) } };
  return true;
}

/** The whole list. Who is new in it may have come at any time since the version began. */
export function setMembers(room: RoomRow, listed: readonly Listed[]): void {
  const members: Record<string, Member> = {};
  for (const { jid, affiliation, nick } of listed.slice(0, MOST_LISTED)) {
    if (belongs(affiliation)) members[jid] = { affiliation, since: room.members[jid]?.since ?? room.version, ...(nick ? { nick } : {}) };
  }
  room.members = members;
}

/** @returns whether that was new. */
export function setPerson(room: RoomRow, id: string, person: { jid?: string; nick: string }): boolean {
  const known = room.people[id];
  if (known?.nick === person.nick && (person.jid === undefined || known.jid === person.jid)) return false;
  const jid = person.jid ?? known?.jid;
  const others = Object.entries(room.people).filter(([other]) => other !== id);
  room.people = Object.fromEntries([...others.slice(-(MOST_PEOPLE - 1)), [id, { nick: person.nick, ...(jid ? { jid } : {}) }]]);
  return true;
}

/** Members whom a message of that version counts for. */
export const audienceOf = (room: RoomRow, version: number, account: string): string[] =>
  Object.entries(room.members).flatMap(([jid, member]) => (jid !== account && member.since <= version ? [jid] : []));

/** Distinct people behind occupant-ids: two clients of one person, or two nicknames, are one. */
export const resolved = (room: RoomRow | undefined, ids: readonly string[] | undefined, account: string): Set<string> => {
  const people = new Set((ids ?? []).map((id) => room?.people[id]?.jid ?? id));
  people.delete(account);
  return people;
};
