import { attribute } from '../xmpp/dom.ts';
import { readBookmark, setBookmark, type Bookmark } from '../xmpp/bookmarks.ts';
import { bare, local } from '../xmpp/jid.ts';
import { acceptDefaults, CREATED, invite, join, leave, readOccupant, SELF, type Occupant } from '../xmpp/muc.ts';
import { NS } from '../xmpp/ns.ts';
import { itemsRequest, readItems, type PepItem } from '../xmpp/pubsub.ts';
import { chatRow } from './chats.ts';
import type { Context } from './context.ts';
import { transact, type ChatRow } from './db.ts';

interface Room {
  nick: string;
  occupantId: string | undefined;
  joined: boolean;
  occupants: Map<string, Occupant>;
  waiting: { resolve(): void; reject(error: Error): void }[];
}

/** The groups of this account: which there are, and who is in them now. */
export class Rooms {
  readonly #context: Context;
  readonly #entered: (room: string) => void;
  readonly #rooms = new Map<string, Room>();
  readonly #payloads = new Map<string, Element>();

  constructor(context: Context, entered: (room: string) => void) {
    this.#context = context;
    this.#entered = entered;
  }

  has = (jid: string): boolean => this.#rooms.has(bare(jid));
  joined = (jid: string): boolean => this.#rooms.get(jid)?.joined ?? false;

  self(jid: string): { nick: string | undefined; occupantId: string | undefined } {
    const room = this.#rooms.get(jid);
    return { nick: room?.nick, occupantId: room?.occupantId };
  }

  /** What is known of groups from before, so that messages can be read before anything was fetched. */
  async load(): Promise<void> {
    for (const chat of await this.#context.db.getAll('chats')) {
      if (chat.kind === 'group' && chat.autojoin) this.#room(chat.jid, chat.nick, chat.occupantId);
    }
  }

  /** A new session: one is in no room. Enters all there are, and those that other devices have added. */
  async begin(): Promise<void> {
    for (const room of this.#rooms.values()) {
      room.joined = false;
      room.occupants.clear();
    }
    for (const jid of this.#rooms.keys()) this.#enter(jid);
    await this.fetch();
  }

  async fetch(): Promise<void> {
    const answer = await this.#context.link.request(itemsRequest(NS.bookmarks)).catch(() => undefined);
    if (answer) await this.bookmarks(readItems(answer), []);
  }

  async bookmarks(items: PepItem[], retracted: string[]): Promise<void> {
    for (const item of items) {
      const bookmark = readBookmark(item);
      if (!bookmark) continue;
      if (item.payload) this.#payloads.set(bookmark.jid, item.payload);
      await this.#bookmark(bookmark);
    }
    for (const jid of retracted) await this.#bookmark({ jid: bare(jid), name: undefined, nick: undefined, autojoin: false });
  }

  /** Enters a group and remembers it on all devices. @throws Error when the room refuses, StanzaError, LinkError. */
  async add(jid: string, name: string | undefined): Promise<void> {
    const room = this.#room(jid, undefined, undefined);
    await this.#keep(jid, { autojoin: true, nick: room.nick, request: false, ...(name ? { name } : {}) });
    if (!room.joined) {
      await new Promise<void>((resolve, reject) => {
        room.waiting.push({ resolve, reject });
        this.#enter(jid);
      });
    }
    await this.#context.link.request(setBookmark({ jid, name, nick: room.nick, autojoin: true }, this.#payloads.get(jid)));
  }

  invite(room: string, jid: string): void {
    this.#context.link.send(invite(room, jid));
  }

  /** Enters again where a room does not know us. */
  reenter(jid: string): void {
    const room = this.#rooms.get(jid);
    if (!room) return;
    room.joined = false;
    this.#enter(jid);
  }

  /** @returns whether it was a room's presence. */
  presence(stanza: Element): boolean {
    const from = attribute(stanza, 'from') ?? '';
    const room = this.#rooms.get(bare(from));
    if (!room) return false;
    if (attribute(stanza, 'type') === 'error') this.#refused(room);
    const occupant = readOccupant(stanza);
    if (occupant) this.#occupant(bare(from), room, occupant);
    return true;
  }

  #occupant(jid: string, room: Room, occupant: Occupant): void {
    if (occupant.gone) room.occupants.delete(occupant.nick);
    else room.occupants.set(occupant.nick, occupant);
    if (!occupant.codes.includes(SELF)) return;
    if (occupant.gone) {
      room.joined = false;
      return;
    }
    room.nick = occupant.nick;
    room.occupantId = occupant.id ?? room.occupantId;
    const entered = !room.joined;
    room.joined = true;
    if (occupant.codes.includes(CREATED)) void this.#context.link.request(acceptDefaults(jid)).then(() => this.#inside(jid, room), () => this.#refused(room));
    else if (entered) void this.#inside(jid, room);
  }

  async #inside(jid: string, room: Room): Promise<void> {
    await this.#keep(jid, { nick: room.nick, members: room.occupants.size, ...(room.occupantId ? { occupantId: room.occupantId } : {}) });
    for (const waiting of room.waiting.splice(0)) waiting.resolve();
    this.#entered(jid);
  }

  #refused(room: Room): void {
    for (const waiting of room.waiting.splice(0)) waiting.reject(new Error('The room refuses.'));
  }

  async #bookmark(bookmark: Bookmark): Promise<void> {
    const known = this.#rooms.get(bookmark.jid);
    if (!bookmark.autojoin) {
      if (!known) return;
      this.#rooms.delete(bookmark.jid);
      this.#context.link.send(leave(bookmark.jid, known.nick));
      await this.#keep(bookmark.jid, { autojoin: false });
      return;
    }
    const nick = bookmark.nick ?? known?.nick;
    await this.#keep(bookmark.jid, { autojoin: true, ...(bookmark.name ? { name: bookmark.name } : {}), ...(nick ? { nick } : {}) });
    if (known) return;
    this.#room(bookmark.jid, nick, undefined);
    this.#enter(bookmark.jid);
  }

  #room(jid: string, nick: string | undefined, occupantId: string | undefined): Room {
    let room = this.#rooms.get(jid);
    if (!room) {
      room = { nick: nick ?? local(this.#context.account), occupantId, joined: false, occupants: new Map(), waiting: [] };
      this.#rooms.set(jid, room);
    }
    return room;
  }

  #enter(jid: string): void {
    const room = this.#rooms.get(jid);
    if (room) this.#context.link.send(join(jid, room.nick));
  }

  async #keep(jid: string, change: Partial<ChatRow>): Promise<void> {
    await transact(this.#context.db, 'default', async (tx) => {
      const chat = await chatRow(tx, jid, 'group');
      await tx.objectStore('chats').put({ ...chat, kind: 'group', ...change });
    });
    this.#context.tell({ kind: 'changed', chats: [jid] });
  }
}

