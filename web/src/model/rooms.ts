import { attribute, el, iq } from '../xmpp/dom.ts';
import { readBookmark, setBookmark, type Bookmark } from '../xmpp/bookmarks.ts';
import { LinkError, StanzaError } from '../xmpp/errors.ts';
import { bare, resource } from '../xmpp/jid.ts';
import { acceptDefaults, CREATED, join, leave, NEW_NICK, readEnd, readOccupant, rename, SELF, selfPing, type Occupant } from '../xmpp/muc.ts';
import { readRoomNotice } from '../xmpp/mucadmin.ts';
import { NS } from '../xmpp/ns.ts';
import { isWhole, itemsRequest, readItems, type PepItem } from '../xmpp/pubsub.ts';
import { readPhotoHash } from '../xmpp/vcard.ts';
import { chatRow } from './chats.ts';
import type { Context } from './context.ts';
import { settle } from './invitations.ts';
import { transact, type ChatRow } from './db.ts';
import { Nickname } from './nickname.ts';
import { RoomLook } from './roomlook.ts';
import type { RoomEnd } from './types.ts';

interface Room {
  nick: string;
  occupantId: string | undefined;
  joined: boolean;
  /** ms; when anything of it was heard last. */
  heard: number;
  occupants: Map<string, Occupant>;
  waiting: { resolve(): void; reject(error: Error): void }[];
  /** Other nicknames tried, where ours was taken. */
  tried: number;
}

/** Silence after which a room is asked whether we are still in it (XEP-0410 §3.1). */
const SILENCE = 15 * 60_000;
const MOST_NICKS = 5;

/** What a room that refuses means by it; everything else passes. */
const ENDS: Readonly<Record<string, RoomEnd>> = { 'registration-required': 'removed', forbidden: 'banned', gone: 'destroyed' };

/** The groups of this account: which there are, and who is in them now. */
export class Rooms {
  readonly #context: Context;
  readonly #entered: (room: string) => void;
  readonly #look: RoomLook;
  readonly #rooms = new Map<string, Room>();
  readonly #payloads = new Map<string, Element>();
  readonly #nickname: Nickname;
  /** The bookmarks have come in this session. */
  #known = false;

  constructor(context: Context, entered: (room: string) => void) {
    this.#context = context;
    this.#entered = entered;
    this.#look = new RoomLook(context);
    this.#nickname = new Nickname(context);
  }

  has = (jid: string): boolean => this.#rooms.has(bare(jid));
  joined = (jid: string): boolean => this.#rooms.get(jid)?.joined ?? false;

  self(jid: string): { nick: string | undefined; occupantId: string | undefined } {
    const room = this.#rooms.get(jid);
    return { nick: room?.nick, occupantId: room?.occupantId };
  }

  /** What is known of groups from before, so that messages can be read before anything was fetched. */
  async load(): Promise<void> {
    await this.#nickname.learn();
    for (const chat of await this.#context.db.getAll('chats')) {
      if (chat.kind === 'group' && chat.autojoin) this.#room(chat.jid, chat.nick, chat.occupantId);
    }
  }

  /** A new session: one is in no room. Enters all there are, and those that other devices have added. */
  async begin(): Promise<void> {
    await this.#look.begin([...this.#rooms.keys()]);
    await this.#nickname.learn();
    for (const room of this.#rooms.values()) {
      room.nick = this.#nickname.in(room.nick);
      room.joined = false;
      room.occupants.clear();
    }
    for (const jid of this.#rooms.keys()) this.#enter(jid);
    await this.fetch();
    await this.publish();
  }

  /**
   * One has another name: it shows in rooms at once (XEP-0045 §7.6), as it does to contacts; whoever is answered by name in a
   * group must be found under the name that people see elsewhere. Rooms that are entered later are entered with it.
   */
  async named(): Promise<void> {
    await this.#nickname.learn();
    for (const [jid, room] of this.#rooms) {
      const nick = this.#nickname.in(room.nick);
      room.tried = 0;
      if (!room.joined) room.nick = nick;
      else if (nick !== room.nick) this.#context.link.send(rename(jid, nick));
    }
  }

  async fetch(): Promise<void> {
    const before = (await this.#context.db.getAll('chats')).filter((chat) => chat.bookmarked && chat.autojoin).map((chat) => chat.jid);
    // Who has never had a bookmark has no list of them: that is an answer too.
    const answer = await this.#context.link.request(itemsRequest(NS.bookmarks)).catch((error: unknown) => (error instanceof StanzaError ? null : undefined));
    if (answer) {
      const items = readItems(answer);
      const listed = new Set(items.map((item) => bare(item.id ?? '')));
      await this.bookmarks(items, isWhole(answer) ? before.filter((jid) => !listed.has(jid)) : []);
    }
    this.#known = answer !== undefined;
  }

  /** Takes up invitations that are older than this device, once it is known which groups the account is in. */
  async settle(): Promise<void> {
    if (this.#known) await settle(this.#context, (room) => this.#payloads.has(room) || this.#rooms.has(room));
  }

  async bookmarks(items: PepItem[], retracted: string[]): Promise<void> {
    for (const item of items) {
      const bookmark = readBookmark(item);
      if (!bookmark) continue;
      if (item.payload) this.#payloads.set(bookmark.jid, item.payload);
      await this.#bookmark(bookmark);
    }
    for (const jid of retracted) await this.#bookmark({ jid: bare(jid), name: undefined, nick: undefined, autojoin: false, marks: { pinned: false, muted: false } });
  }

  /** Tells the server which groups one is in, or in no more, where it has not been told yet. */
  async publish(): Promise<void> {
    for (const chat of await this.#context.db.getAll('chats')) {
      if (!chat.unsentBookmark) continue;
      const autojoin = chat.autojoin === true;
      let bookmarked = true;
      try {
        await this.#context.link.request(setBookmark({ jid: chat.jid, name: chat.name, nick: chat.nick, autojoin, marks: { pinned: chat.pinned, muted: chat.muted } }, this.#payloads.get(chat.jid)));
      } catch (error) {
        if (error instanceof LinkError) return;
        // Where none can be kept nothing follows from there being none.
        bookmarked = false;
      }
      await transact(this.#context.db, 'default', async (tx) => {
        const now = await tx.objectStore('chats').get(chat.jid);
        if (!now || (now.autojoin === true) !== autojoin || now.pinned !== chat.pinned || now.muted !== chat.muted || now.nick !== chat.nick) return;
        delete now.unsentBookmark;
        now.bookmarked = bookmarked;
        await tx.objectStore('chats').put(now);
      });
    }
  }

  /** Enters a group and remembers it on all devices. @throws StanzaError when the room refuses, LinkError. */
  async add(jid: string, name: string | undefined): Promise<void> {
    await this.#nickname.learn();
    const room = this.#room(jid, (await this.#context.db.get('chats', jid))?.nick, undefined);
    await this.#keep(jid, { autojoin: true, nick: room.nick, request: false, unsentBookmark: true, ...(name ? { name } : {}) }, true);
    if (!room.joined) {
      await new Promise<void>((resolve, reject) => {
        room.waiting.push({ resolve, reject });
        this.#enter(jid);
      });
    }
    await this.publish();
  }

  /** One is in it no more; what was said stays. */
  async end(jid: string, why: RoomEnd): Promise<void> {
    const room = this.#rooms.get(jid);
    if (room?.joined && why === 'left') this.#context.link.send(leave(jid, room.nick));
    this.#rooms.delete(jid);
    await this.#keep(jid, { autojoin: false, gone: why, unsentBookmark: true });
    if (this.#context.link.online) await this.publish();
  }

  /** Enters again where a room does not know us. */
  reenter(jid: string): void {
    const room = this.#rooms.get(jid);
    if (!room) return;
    room.joined = false;
    this.#enter(jid);
  }

  /** Asks rooms that have been silent whether we are still in them (XEP-0410), and those that did not let us in again. */
  async check(now = Date.now()): Promise<void> {
    await Promise.all([...this.#rooms].map(([jid, room]) => this.#check(jid, room, now)));
  }

  async #check(jid: string, room: Room, now: number): Promise<void> {
    if (!this.#context.link.online || now - room.heard < SILENCE) return;
    room.heard = now;
    if (!room.joined) return this.#enter(jid);
    try {
      await this.#context.link.request(selfPing(jid, room.nick));
    } catch (error) {
      if (!(error instanceof StanzaError)) return;
      // §3.2: another client of ours that cannot answer, or has left under this nickname, is an answer; no room on the way is none.
      const inside = ['service-unavailable', 'feature-not-implemented', 'item-not-found'].includes(error.condition);
      const nowhere = ['remote-server-not-found', 'remote-server-timeout'].includes(error.condition);
      if (!inside && !nowhere) this.reenter(jid);
    }
  }

  /** @returns whether it was a room's presence. */
  async presence(stanza: Element): Promise<boolean> {
    const from = attribute(stanza, 'from') ?? '';
    const jid = bare(from);
    const room = this.#rooms.get(jid);
    if (!room) return false;
    room.heard = Date.now();
    const photo = from.includes('/') ? undefined : readPhotoHash(stanza);
    if (photo !== undefined) void this.#look.picture(jid, photo);
    if (attribute(stanza, 'type') === 'error') {
      const error = StanzaError.of(stanza);
      if (!room.joined) await this.#refused(jid, room, error);
      else this.#refusedName(jid, room, resource(from), error.condition);
      return true;
    }
    const occupant = readOccupant(stanza);
    if (occupant) await this.#occupant(jid, room, occupant, readEnd(stanza));
    return true;
  }

  /** What a room says itself. @returns whether it was that. */
  async told(stanza: Element): Promise<boolean> {
    const jid = bare(attribute(stanza, 'from') ?? '');
    const room = this.#rooms.get(jid);
    const notice = room && readRoomNotice(stanza);
    if (!room || !notice) return false;
    room.heard = Date.now();
    await this.#look.changed(jid, notice.changes);
    if (!room.joined && notice.codes.includes(101) && notice.changes.some((change) => change.jid === this.#context.account && change.affiliation === 'none')) await this.end(jid, 'removed');
    else if (notice.codes.some((code) => code === 104 || (code >= 170 && code <= 174))) void this.#look.around(jid);
    return true;
  }

  /** Anything else that comes from a room shows that we are in it. */
  heard(jid: string): void {
    const room = this.#rooms.get(jid);
    if (room) room.heard = Date.now();
  }

  /** Looks again at what a room is and who belongs to it. */
  refresh(jid: string): Promise<void> {
    return this.#look.around(jid);
  }

  async #occupant(jid: string, room: Room, occupant: Occupant, end: RoomEnd | undefined): Promise<void> {
    if (occupant.gone) room.occupants.delete(occupant.nick);
    else room.occupants.set(occupant.nick, occupant);
    if (!occupant.codes.includes(SELF)) {
      if (room.joined) await this.#look.met(jid, [occupant]);
      return;
    }
    if (occupant.gone) {
      if (occupant.codes.includes(NEW_NICK)) return;
      room.joined = false;
      // Shut down or lost: it is entered again when it has been silent for a while.
      if (end) await this.end(jid, end);
      return;
    }
    await this.#look.role(jid, occupant.role);
    const renamed = room.joined && room.nick !== occupant.nick;
    room.nick = occupant.nick;
    room.occupantId = occupant.id ?? room.occupantId;
    const entered = !room.joined;
    room.joined = true;
    if (renamed) void this.#goesBy(jid, room).catch(() => undefined);
    if (occupant.codes.includes(CREATED)) await this.#created(jid, room);
    else if (entered) await this.#inside(jid, room);
  }

  /** A room that nobody here wanted to make is one that was destroyed meanwhile: it does not come back. */
  async #created(jid: string, room: Room): Promise<void> {
    const { link, db } = this.#context;
    const making = (await db.get('rooms', jid))?.making !== undefined;
    if (room.waiting.length === 0 && !making) {
      void link.request(iq('set', { to: jid }, el('query', NS.mucOwner, {}, el('x', NS.form, { type: 'cancel' })))).catch(() => undefined);
      return this.end(jid, 'destroyed');
    }
    const ready = making ? Promise.resolve() : link.request(acceptDefaults(jid));
    void ready.then(() => this.#inside(jid, room), (error: unknown) => this.#reject(room, error));
  }

  async #inside(jid: string, room: Room): Promise<void> {
    room.tried = 0;
    await this.#look.met(jid, [...room.occupants.values()]);
    void this.#goesBy(jid, room).catch(() => undefined);
    const kept = await this.#context.db.get('rooms', jid);
    await this.#keep(jid, { ...(kept?.closed ? {} : { members: room.occupants.size }), ...(room.occupantId ? { occupantId: room.occupantId } : {}) }, true);
    for (const waiting of room.waiting.splice(0)) waiting.resolve();
    this.#entered(jid);
    void this.#look.around(jid);
  }

  /** Other devices are to go by it too. */
  async #goesBy(jid: string, room: Room): Promise<void> {
    const before = (await this.#context.db.get('chats', jid))?.nick;
    if (before === room.nick) return;
    // Where no nickname was kept, each device finds the same one.
    await this.#keep(jid, { nick: room.nick, ...(before === undefined ? {} : { unsentBookmark: true }) });
    await this.publish();
  }

  #another(room: Room, nick: string, condition: string): string | undefined {
    return room.tried < MOST_NICKS ? this.#nickname.instead(nick, condition, room.tried++) : undefined;
  }

  /** One stays under the name one has, unless there is another that will do. */
  #refusedName(jid: string, room: Room, nick: string, condition: string): void {
    const next = nick && nick !== room.nick ? this.#another(room, nick, condition) : undefined;
    if (next !== undefined && next !== room.nick) this.#context.link.send(rename(jid, next));
  }

  async #refused(jid: string, room: Room, error: StanzaError): Promise<void> {
    const next = this.#another(room, room.nick, error.condition);
    if (next !== undefined) {
      room.nick = next;
      return this.#enter(jid);
    }
    const first = room.waiting.length > 0;
    this.#reject(room, error);
    const end = ENDS[error.condition];
    // Who was never in has lost nothing.
    if (end && !first) await this.end(jid, end);
    else if (end) {
      this.#rooms.delete(jid);
      await this.#keep(jid, { autojoin: false });
    }
  }

  #reject(room: Room, error: unknown): void {
    for (const waiting of room.waiting.splice(0)) waiting.reject(error instanceof Error ? error : new Error('The room refuses.'));
  }

  async #bookmark(bookmark: Bookmark): Promise<void> {
    const chat = await this.#context.db.get('chats', bookmark.jid);
    // What was decided here and not told yet is newer.
    if (chat?.unsentBookmark) return;
    const known = this.#rooms.get(bookmark.jid);
    if (!bookmark.autojoin) {
      if (!known) return;
      this.#rooms.delete(bookmark.jid);
      this.#context.link.send(leave(bookmark.jid, known.nick));
      await this.#keep(bookmark.jid, { autojoin: false, gone: 'left' });
      return;
    }
    const nick = bookmark.nick === undefined ? known?.nick : this.#nickname.in(bookmark.nick);
    await this.#keep(bookmark.jid, { autojoin: true, request: false, bookmarked: true, ...bookmark.marks, ...(bookmark.name && !chat?.membership ? { name: bookmark.name } : {}), ...(nick ? { nick } : {}), ...(bookmark.nick === undefined || bookmark.nick === nick ? {} : { unsentBookmark: true }) }, true);
    if (known) return;
    this.#room(bookmark.jid, nick, undefined);
    this.#enter(bookmark.jid);
  }

  #room(jid: string, nick: string | undefined, occupantId: string | undefined): Room {
    let room = this.#rooms.get(jid);
    if (!room) {
      room = { nick: this.#nickname.in(nick), occupantId, joined: false, heard: Date.now(), occupants: new Map(), waiting: [], tried: 0 };
      this.#rooms.set(jid, room);
    }
    return room;
  }

  #enter(jid: string): void {
    const room = this.#rooms.get(jid);
    if (room) this.#context.link.send(join(jid, room.nick));
  }

  async #keep(jid: string, change: Partial<ChatRow>, inside = false): Promise<void> {
    await transact(this.#context.db, 'default', async (tx) => {
      const chat: ChatRow = { ...(await chatRow(tx, jid, 'group')), kind: 'group', ...change };
      if (inside) delete chat.gone;
      await tx.objectStore('chats').put(chat);
    });
    this.#context.tell({ kind: 'changed', chats: [jid] });
  }
}
