import { domain, local } from '../xmpp/jid.ts';
import { chatRow } from './chats.ts';
import { transact, type Database } from './db.ts';
import { changeRoom, type RoomRow } from './roomstate.ts';
import type { Tell } from './tabs.ts';
import type { Affiliation, Chat, Group, GroupMember, Groups, Person, Reach, Refusal } from './types.ts';
import { viewReach } from './views.ts';

/** What the parts of a tab's model share. */
export interface Tab {
  db(): Database;
  account(): string;
  ask(method: string, ...args: unknown[]): Promise<unknown>;
  tell: Tell;
  changed(chats: readonly string[]): Promise<void>;
  chat(jid: string): Chat;
  person(jid: string, nick?: string): Person;
}

const RANK: Record<Affiliation, number> = { owner: 0, admin: 1, member: 2, none: 3, outcast: 4 };

/** Groups as the screens see them; what is done to them the leading tab does. */
export class LiveGroups implements Groups {
  readonly #tab: Tab;
  #rooms = $state.raw<ReadonlyMap<string, RoomRow>>(new Map());

  constructor(tab: Tab) {
    this.#tab = tab;
  }

  row(room: string): RoomRow | undefined {
    return this.#rooms.get(room);
  }

  /** Reads again what has changed. */
  async load(room: string): Promise<void> {
    const row = await this.#tab.db().get('rooms', room);
    if (row) this.#rooms = new Map([...this.#rooms, [room, row]]);
  }

  clear(): void {
    this.#rooms = new Map();
  }

  get(room: string): Group | null {
    const row = this.#rooms.get(room);
    if (!row) return null;
    const me = this.#tab.account();
    const members = Object.entries(row.members).map(([jid, { affiliation, nick }]): GroupMember => ({ ...this.#tab.person(jid, nick ?? nickOf(row, jid)), jid, affiliation, me: jid === me }));
    members.sort((a, b) => Number(b.me) - Number(a.me) || RANK[a.affiliation] - RANK[b.affiliation] || a.name.localeCompare(b.name));
    return {
      jid: room,
      description: row.description ?? '',
      membersOnly: row.membersOnly,
      adminsOnly: row.moderated,
      moderation: row.moderation,
      mine: row.members[me]?.affiliation ?? 'none',
      members,
      ...(row.making ? { making: row.making.error ? { error: row.making.error } : {} } : {}),
    };
  }

  async create(name: string, people: readonly string[], picture?: Blob): Promise<Chat> {
    // The address says nothing about the group, and nobody can guess it.
    const jid = `${crypto.randomUUID()}@${await this.#host()}`;
    const me = this.#tab.account();
    const kept = picture && { type: picture.type, bytes: await picture.arrayBuffer() };
    await transact(this.#tab.db(), 'strict', async (tx) => {
      const chat = { ...(await chatRow(tx, jid, 'group')), name, autojoin: true, lastAt: Date.now() };
      await tx.objectStore('chats').put(chat);
      await changeRoom(tx, jid, (room) => {
        room.making = { name, people: people.filter((person) => person !== me), ...(kept ? { picture: kept } : {}) };
        return true;
      });
    });
    this.#tab.tell({ kind: 'room', jid });
    await this.load(jid);
    await this.#tab.changed([jid]);
    this.again(jid);
    return this.#tab.chat(jid);
  }

  /** Enters a group, which is made where there is none. */
  async join(room: string, name?: string): Promise<Chat> {
    await this.#tab.ask('join', room, name);
    await this.#tab.changed([room]);
    return this.#tab.chat(room);
  }

  invite(room: string, jid: string): void {
    void this.#ask('invite', room, jid);
  }

  again(room: string): void {
    void this.#change(room, (row) => {
      if (row.making) delete row.making.error;
    }).then(() => this.#ask('make', room));
  }

  refresh(room: string): void {
    void this.#ask('refresh', room);
  }

  rule(room: string, people: readonly string[], affiliation: Affiliation): Promise<Refusal> {
    return this.#ask('rule', room, people.map((jid) => ({ jid, affiliation })));
  }

  configure(room: string, change: { name?: string; description?: string; adminsOnly?: boolean }): Promise<Refusal> {
    const fields: Record<string, string> = {};
    if (change.name !== undefined) fields['muc#roomconfig_roomname'] = change.name;
    if (change.description !== undefined) fields['muc#roomconfig_roomdesc'] = change.description;
    if (change.adminsOnly !== undefined) fields[ADMINS_ONLY] = change.adminsOnly ? '1' : '0';
    return this.#ask('configure', room, fields);
  }

  async setPicture(room: string, picture: Blob | null): Promise<Refusal> {
    return this.#ask('picture', room, picture ? { type: picture.type, bytes: await picture.arrayBuffer() } : undefined);
  }

  async moderate(room: string, key: string): Promise<Refusal> {
    const row = await this.#tab.db().get('messages', key);
    return row?.stanzaId ? this.#ask('moderate', room, row.stanzaId) : 'item-not-found';
  }

  successor(room: string): GroupMember | null | undefined {
    const group = this.get(room);
    if (group?.mine !== 'owner' || group.members.some((member) => !member.me && member.affiliation === 'owner')) return undefined;
    return group.members.find((member) => !member.me) ?? null;
  }

  async leave(room: string): Promise<void> {
    const next = this.successor(room);
    await this.#change(room, (row) => {
      delete row.making;
      row.leaving = next === null ? { destroy: true } : next?.jid ? { successor: next.jid } : {};
    });
    await transact(this.#tab.db(), 'strict', async (tx) => {
      const chat = await chatRow(tx, room, 'group');
      await tx.objectStore('chats').put({ ...chat, autojoin: false, gone: 'left', unsentBookmark: true });
    });
    this.#tab.tell({ kind: 'changed', chats: [room] });
    await this.#ask('leave', room);
  }

  async reach(key: string): Promise<Reach | null> {
    const row = await this.#tab.db().get('messages', key);
    return row ? viewReach(row, this.#tab.account(), this.#rooms.get(row.chat), (jid, nick) => this.#tab.person(jid, nick)) : null;
  }

  async #host(): Promise<string> {
    return ((await this.#tab.db().get('meta', 'rooms')) as string | undefined) ?? String(await this.#tab.ask('groups-host'));
  }

  async #change(room: string, change: (row: RoomRow) => void): Promise<void> {
    await transact(this.#tab.db(), 'strict', (tx) =>
      changeRoom(tx, room, (row) => {
        change(row);
        return true;
      }),
    );
    this.#tab.tell({ kind: 'room', jid: room });
  }

  #ask(method: string, ...args: unknown[]): Promise<Refusal> {
    return this.#tab.ask('group', method, ...args).then((refusal) => (typeof refusal === 'string' ? refusal : undefined), () => 'offline');
  }
}

/** Members who are no admins may read and react, but not write. */
const ADMINS_ONLY = 'urn:nyala:rooms#admins_only';

const nickOf = (row: RoomRow, jid: string): string | undefined => Object.values(row.people).find((person) => person.jid === jid)?.nick;

/** What to call somebody of whom only the address is known. */
export const nameOf = (jid: string, nick?: string): string => nick ?? (local(jid) || domain(jid));
