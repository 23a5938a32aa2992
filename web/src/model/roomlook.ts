import { infoRequest } from '../xmpp/disco.ts';
import { bare } from '../xmpp/jid.ts';
import type { Occupant } from '../xmpp/muc.ts';
import { MOST_LISTED } from '../xmpp/listed.ts';
import { listRequest, readList, readRoomInfo, type Affiliation, type Listed, type RoomInfo } from '../xmpp/mucadmin.ts';
import { readVCard, vcardRequest } from '../xmpp/vcard.ts';
import type { Context } from './context.ts';
import { transact } from './db.ts';
import { belongs, changeRoom, setMember, setMembers, setPerson, type RoomRow } from './roomstate.ts';

/** Keeps what is known of rooms and of who belongs to them. */
export class RoomLook {
  readonly #context: Context;
  /** Rooms whose lists were read in this session: from then on every change is told. */
  readonly #listed = new Set<string>();
  /** What was told while lists were being read; it is newer than them, or the same. */
  readonly #meanwhile = new Map<string, Listed[]>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** A new session: somebody may have come unseen since the last, so whoever is new counts for everything from here on. */
  async begin(rooms: readonly string[]): Promise<void> {
    this.#listed.clear();
    this.#meanwhile.clear();
    if (rooms.length === 0) return;
    await transact(this.#context.db, 'default', async (tx) => {
      for (const jid of rooms) {
        await changeRoom(tx, jid, (room) => {
          room.version++;
          return true;
        });
      }
    });
  }

  /** Occupants show who they are, and what they are to the room. */
  met(jid: string, occupants: readonly Occupant[]): Promise<void> {
    const listed = occupants.flatMap(({ jid: real, affiliation }): Listed[] => (real ? [{ jid: bare(real), affiliation: affiliation as Affiliation, nick: undefined }] : []));
    return this.#change(jid, listed, (room) => {
      let changed = false;
      for (const { id, nick, jid: real } of occupants) if (id) changed = setPerson(room, id, { nick, ...(real ? { jid: bare(real) } : {}) }) || changed;
      return changed;
    });
  }

  /** What we may do there (§5.1.2). */
  async role(jid: string, role: string): Promise<void> {
    await this.#change(jid, [], (room) => {
      const voiceless = role === 'visitor';
      if ((room.voiceless ?? false) === voiceless) return false;
      room.voiceless = voiceless;
      return true;
    });
  }

  changed(jid: string, changes: readonly Listed[]): Promise<void> {
    return changes.length === 0 ? Promise.resolve() : this.#change(jid, changes, () => false);
  }

  /** Asks the room what it is and who belongs to it. Without an answer everything stays as it was. */
  async around(jid: string): Promise<void> {
    this.#meanwhile.set(jid, []);
    const answer = await this.#context.link.request(infoRequest(jid)).catch(() => undefined);
    if (!answer) return;
    const info = readRoomInfo(answer);
    const members = info.membersOnly ? await this.#lists(jid) : undefined;
    await transact(this.#context.db, 'default', async (tx) => {
      await changeRoom(tx, jid, (room) => {
        describe(room, info);
        room.closed = members !== undefined;
        if (members) setMembers(room, members);
        for (const change of this.#meanwhile.get(jid) ?? []) setMember(room, change, false);
        return true;
      });
      const chat = await tx.objectStore('chats').get(jid);
      if (chat && info.name) await tx.objectStore('chats').put({ ...chat, name: info.name });
    });
    this.#meanwhile.delete(jid);
    if (members) this.#listed.add(jid);
    this.#context.tell({ kind: 'room', jid });
    if (info.avatar !== undefined) await this.picture(jid, info.avatar);
  }

  /** The room's picture has that hash now; empty: it has none. */
  async picture(jid: string, hash: string): Promise<void> {
    const { db, link } = this.#context;
    if (((await db.get('avatars', jid))?.hash ?? '') === hash) return;
    const answer = hash === '' ? undefined : await link.request(vcardRequest(jid)).catch(() => undefined);
    if (hash !== '' && !answer) return;
    const photo = answer && readVCard(answer)?.photo;
    if (photo) await db.put('avatars', { jid, hash, picture: photo });
    else await db.delete('avatars', jid);
    this.#context.tell({ kind: 'changed', chats: [jid] });
  }

  /** All three lists or none: who is missing from one would be counted as having read everything. */
  async #lists(jid: string): Promise<Listed[] | undefined> {
    const lists = (['owner', 'admin', 'member'] as const).map((affiliation) => this.#context.link.request(listRequest(jid, affiliation)).then(readList));
    const listed = await Promise.all(lists).then((all) => all.flat(), () => undefined);
    return listed && listed.length <= MOST_LISTED ? listed : undefined;
  }

  async #change(jid: string, listed: readonly Listed[], also: (room: RoomRow) => boolean): Promise<void> {
    this.#meanwhile.get(jid)?.push(...listed);
    const changed = await transact(this.#context.db, 'default', (tx) =>
      changeRoom(tx, jid, (room) => {
        let any = also(room);
        for (const one of listed) if (belongs(one.affiliation) || room.members[one.jid]) any = setMember(room, one, this.#listed.has(jid)) || any;
        return any;
      }),
    );
    if (changed) this.#context.tell({ kind: 'room', jid });
  }
}

function describe(room: RoomRow, info: RoomInfo): void {
  room.membersOnly = info.membersOnly;
  room.showsAddresses = info.showsAddresses;
  room.moderated = info.moderated;
  room.moderation = info.moderation;
  room.invites = info.invites;
  if (info.description) room.description = info.description;
  else delete room.description;
}
