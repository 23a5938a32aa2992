import { bare, domain } from '../xmpp/jid.ts';
import { names } from '../xmpp/mentions.ts';
import { byChat, erase, isLater, isRow, messageRow, ofHistory, personOf } from './arriving.ts';
import { chatRow, find, markRead, place, settleCount, unarchive, unqueue, unreadBehind } from './chats.ts';
import * as compose from './compose.ts';
import type { ChatRow, MessageRow, Transaction } from './db.ts';
import type { Incoming } from './incoming.ts';
import { remember } from './invitations.ts';
import { over, under } from './placement.ts';
import { readWith, settlePlace, UNPLACED } from './reached.ts';
import { changeRoom, setPerson } from './roomstate.ts';
import type { MessageState } from './types.ts';

/** Where the messages come from. `live`: now. `catch-up`: newer than all before, in order. `history`: older. `first`: the end of an archive nobody has read here. */
export type Source = 'live' | 'catch-up' | 'history' | 'first';

export interface Applied {
  /** Chats in which something is different. */
  chats: Set<string>;
  /** Something waits to be sent. */
  outbox: boolean;
  /** New messages of others, to be told of. */
  arrived: MessageRow[];
  /** Rooms that say one is not in them. */
  lostRooms: Set<string>;
  /** Rooms that one is to enter. */
  invited: Set<string>;
  /** Rooms of whose people more is known. */
  met: Set<string>;
}

const RANK: Record<MessageState, number> = { sending: 0, failed: 0, safe: 1, delivered: 2, read: 3 };

/** A state only ever rises: whatever comes late or twice takes no tick away. */
export function raise(row: MessageRow, state: MessageState): boolean {
  if (RANK[state] <= RANK[row.state]) return false;
  row.state = state;
  delete row.error;
  return true;
}

/** Takes messages in, each at most once, inside one transaction. History is one chat's and comes newest first, everything else oldest first. */
export class Apply {
  readonly #tx: Transaction;
  readonly #source: Source;
  readonly #account: string;
  readonly #chats = new Map<string, ChatRow>();
  readonly applied: Applied = { chats: new Set(), outbox: false, arrived: [], lostRooms: new Set(), invited: new Set(), met: new Set() };

  constructor(tx: Transaction, account: string, source: Source) {
    this.#tx = tx;
    this.#account = account;
    this.#source = source;
  }

  async all(messages: readonly Incoming[]): Promise<Applied> {
    if (this.#source === 'history') await this.#history(messages);
    else if (this.#source === 'first') for (const chat of byChat(messages)) await this.#history(chat.reverse());
    else for (const incoming of messages) await this.#one(incoming);
    if (this.#source === 'first') for (const chat of this.#chats.values()) await unreadBehind(this.#tx, chat, this.#account);
    await this.#meet(messages);
    for (const chat of this.#chats.values()) await this.#tx.objectStore('chats').put(chat);
    return this.applied;
  }

  /** Remembers who is behind occupant-ids, so that readers are counted as people. */
  async #meet(messages: readonly Incoming[]): Promise<void> {
    const rooms = new Set(messages.flatMap((one) => (one.real && one.occupant ? [one.chat] : [])));
    for (const jid of rooms) {
      const changed = await changeRoom(this.#tx, jid, (room) => {
        let any = false;
        for (const { chat, real, occupant, senderName } of messages) {
          if (chat === jid && real && occupant && room.people[occupant]?.jid === undefined) any = setPerson(room, occupant, { jid: real, nick: senderName }) || any;
        }
        return any;
      });
      if (changed) this.applied.met.add(jid);
    }
  }

  async #one(incoming: Incoming): Promise<void> {
    switch (incoming.content.type) {
      case 'text':
        if (incoming.content.replaces) return this.#refer(incoming, incoming.content.replaces);
        return this.#message(incoming);
      case 'raw':
      case 'echo':
      case 'tombstone':
        return this.#message(incoming);
      case 'invitation':
        return incoming.mine ? undefined : this.#invited(incoming, incoming.content.room, incoming.content.from);
      case 'error':
        return this.#failed(incoming, incoming.content.id, incoming.content.condition);
      case 'delivered':
      case 'read':
        return this.#receipt(incoming, incoming.content.id, incoming.content.type);
      default:
        return this.#refer(incoming, incoming.content.id);
    }
  }

  /**
   * A page of one chat, newest first. As a rule it lies below everything that is here; where it holds what is here already (sent
   * before the archive was read, or brought by the catch-up), that gives the rest its place.
   */
  async #history(messages: readonly Incoming[]): Promise<void> {
    let above: number | undefined;
    for (const [at, incoming] of messages.entries()) {
      if (!isRow(incoming)) {
        await this.#one(incoming);
        continue;
      }
      const chat = await this.#chat(incoming);
      // Read elsewhere up to here: what the server has counted behind it is here by now.
      if (incoming.stanzaId !== undefined && incoming.stanzaId === chat.displayed) settleCount(chat);
      let row = await this.#known(incoming);
      if (row) await this.#echo(incoming, row);
      else if (incoming.content.type === 'echo') await this.#gone(incoming);
      else if (!(await this.#cleared(incoming))) row = await this.#add(incoming, await this.#place(messages, at, above));
      above = row?.order ?? above;
    }
  }

  async #place(messages: readonly Incoming[], at: number, above: number | undefined): Promise<'newest' | 'oldest' | number> {
    const chat = messages[at]?.chat ?? '';
    const left = messages.length - at;
    if (above !== undefined) return under(this.#tx, chat, above, left);
    for (const later of messages.slice(at + 1)) {
      const known = isRow(later) ? await this.#known(later) : undefined;
      if (known) return over(this.#tx, chat, known.order, left);
    }
    return 'oldest';
  }

  async #chat(incoming: Incoming): Promise<ChatRow> {
    let chat = this.#chats.get(incoming.chat);
    if (!chat) {
      const kind = incoming.group ? 'group' : incoming.chat === this.#account ? 'self' : 'direct';
      chat = await chatRow(this.#tx, incoming.chat, kind);
      this.#chats.set(incoming.chat, chat);
    }
    this.applied.chats.add(incoming.chat);
    return chat;
  }

  async #message(incoming: Incoming): Promise<void> {
    const known = await this.#known(incoming);
    if (known) await this.#echo(incoming, known);
    else if (incoming.content.type === 'echo') await this.#gone(incoming);
    else if (this.#source === 'live' || !(await this.#cleared(incoming))) await this.#add(incoming, 'newest');
  }

  /** Of what was ours the server has it now. */
  async #gone(incoming: Incoming): Promise<void> {
    if (incoming.mine) await unqueue(this.#tx, incoming.chat, incoming.id);
  }

  async #cleared(incoming: Incoming): Promise<boolean> {
    const cleared = (await this.#tx.objectStore('chats').get(incoming.chat))?.cleared;
    return cleared !== undefined && (incoming.at < cleared.at || incoming.id === cleared.id);
  }

  async #add(incoming: Incoming, where: 'newest' | 'oldest' | number): Promise<MessageRow> {
    const fresh = (await this.#tx.objectStore('chats').count(incoming.chat)) === 0;
    const chat = await this.#chat(incoming);
    const contact = await this.#tx.objectStore('contacts').get(incoming.chat);
    if (fresh && chat.kind === 'direct' && !incoming.mine && !contact) chat.request = true;
    if (incoming.mine) chat.request = false;
    const row = await this.#row(incoming, chat);
    if (this.#isNew(incoming)) {
      row.unread = 1;
      if (this.#mentions(incoming, chat)) {
        row.mention = 1;
        chat.mentioned = true;
      }
    } else if (this.#source === 'history' || this.#source === 'first') ofHistory(row, chat);
    const placed = await place(this.#tx, chat, row, where);
    if (this.#isNew(incoming)) {
      this.applied.arrived.push(placed);
      if (this.#source === 'live') unarchive(chat);
    }
    await this.#settle(incoming, placed);
    await this.#confirm(incoming, chat, placed);
    return placed;
  }

  #mentions({ group, content }: Incoming, chat: ChatRow): boolean {
    if (!group || content.type !== 'text' || !chat.nick) return false;
    return names(content.body, chat.nick) || content.mentions.some((who) => bare(who) === this.#account || who === `${chat.jid}/${chat.nick}`);
  }

  /** Somebody brings us into a group: contacts do, as where people know each other; strangers ask. */
  async #invited(incoming: Incoming, room: string, from: string): Promise<void> {
    if (this.#source === 'first') return remember(this.#tx, incoming);
    if (this.#source === 'history') return;
    const chats = this.#tx.objectStore('chats');
    const known = await chats.get(room);
    if (known && (known.autojoin || known.request)) return;
    // A room elsewhere may name anybody as inviter.
    const vouched = incoming.chat === from || `.${domain(room)}`.endsWith(`.${domain(this.#account)}`);
    const trusted = vouched && (await this.#tx.objectStore('contacts').get(from)) !== undefined;
    const chat: ChatRow = { ...(await chatRow(this.#tx, room, 'group')), request: !trusted, invitedBy: from };
    if (trusted) {
      chat.autojoin = true;
      chat.unsentBookmark = true;
      this.applied.invited.add(room);
    }
    delete chat.gone;
    await chats.put(chat);
    this.applied.chats.add(room);
  }

  #isNew(incoming: Incoming): boolean {
    return !incoming.mine && incoming.content.type !== 'tombstone' && (this.#source === 'live' || this.#source === 'catch-up');
  }

  /** The same message: by the archive's id, else by the sender's id and the sender (XEP-0359). */
  async #known(incoming: Incoming): Promise<MessageRow | undefined> {
    const messages = this.#tx.objectStore('messages');
    if (incoming.stanzaId) {
      const archived = await messages.index('archive').get([incoming.archive, incoming.stanzaId]);
      if (archived) return archived;
    }
    for (const row of await messages.index('id').getAll([incoming.chat, incoming.id])) {
      // Another id from the same archive is another message, whatever its sender calls it.
      // Unless it is an id that nobody would use twice: then it is a resend that the archive did not recognise (DELIVERY R5).
      const other = row.stanzaId !== undefined && incoming.stanzaId !== undefined && incoming.id.length < 16;
      if (row.mine === incoming.mine && row.sender === incoming.sender && !other) return row;
    }
    return undefined;
  }

  /** A message that is here already came again: if it is ours, it has reached its archive. */
  async #echo(incoming: Incoming, row: MessageRow): Promise<void> {
    let changed = false;
    if (incoming.stanzaId && row.stanzaId === undefined) {
      row.stanzaId = incoming.stanzaId;
      changed = true;
      if (incoming.mine && incoming.group) this.applied.outbox = true;
    }
    if (incoming.content.type === 'tombstone' && !row.retracted) {
      erase(row);
      changed = true;
    }
    if (incoming.mine) {
      changed = raise(row, 'safe') || changed;
      if (row.reached === UNPLACED) {
        settlePlace(await this.#chat(incoming), row);
        changed = true;
      }
      // Whoever belongs to the room by now may read it; whoever comes later does not count against it.
      if (incoming.group && row.audience === undefined) {
        row.audience = (await this.#chat(incoming)).membership ?? 0;
        changed = true;
      }
      await unqueue(this.#tx, incoming.chat, incoming.id);
    }
    if (!changed) return;
    await this.#tx.objectStore('messages').put(row);
    this.applied.chats.add(incoming.chat);
  }

  async #row(incoming: Incoming, chat: ChatRow): Promise<Omit<MessageRow, 'order'>> {
    const { content } = incoming;
    const row = messageRow(incoming, chat);
    if (content.type === 'text' && content.replyTo) {
      const answered = await find(this.#tx, incoming.chat, incoming.archive, content.replyTo);
      row.replyTo = { id: content.replyTo, senderName: answered?.senderName ?? '', body: answered?.body ?? '' };
    }
    return row;
  }

  /** What came before the message it is about. */
  async #settle(incoming: Incoming, row: MessageRow): Promise<void> {
    const ids = [row.id, ...(row.stanzaId ? [row.stanzaId] : [])];
    for (const id of ids) {
      const waiting = this.#tx.objectStore('waiting');
      const waited = await waiting.index('message').getAll([row.chat, id]);
      for (const { n, incoming: late } of waited) {
        if (n !== undefined) await waiting.delete(n);
        await this.#refer(late as Incoming, id);
      }
      if (!incoming.mine) continue;
      for (const receipt of await this.#tx.objectStore('receipts').index('message').getAll([row.chat, id])) {
        await this.#receipt({ ...incoming, sender: receipt.from, occupant: receipt.from, mine: false }, id, receipt.kind);
      }
    }
  }

  /** Tells the sender that it arrived: not strangers, whom it would tell that somebody is here. */
  async #confirm(incoming: Incoming, chat: ChatRow, row: MessageRow): Promise<void> {
    const wanted = incoming.content.type === 'text' && incoming.content.wantsReceipt;
    // In a group only among people who know each other, and not for a backlog: reading it says more.
    const asked = chat.kind === 'direct' || (chat.closed === true && this.#source === 'live');
    if (!wanted || incoming.mine || !asked) return;
    if (chat.request) await this.#tx.objectStore('messages').put({ ...row, owed: true });
    if (chat.request || !this.#isNew(incoming)) return;
    await this.#tx.objectStore('outbox').add(compose.delivered(chat, crypto.randomUUID(), incoming.id));
    this.applied.outbox = true;
  }

  async #refer(incoming: Incoming, id: string): Promise<void> {
    // An own correction or reaction that comes back is safe, like a message.
    if (incoming.mine) await unqueue(this.#tx, incoming.chat, incoming.id);
    const target = await find(this.#tx, incoming.chat, incoming.archive, id);
    if (!target) {
      await this.#tx.objectStore('waiting').add({ chat: incoming.chat, id, incoming });
      return;
    }
    if (!change(target, incoming)) return;
    await this.#tx.objectStore('messages').put(target);
    this.applied.chats.add(incoming.chat);
  }

  async #receipt(incoming: Incoming, id: string, kind: 'delivered' | 'read'): Promise<void> {
    if (incoming.mine) return this.#readElsewhere(incoming, id, kind);
    const { chat } = incoming;
    const sender = personOf(incoming);
    const before = await this.#tx.objectStore('receipts').get([chat, id, sender]);
    if (before?.kind !== 'read') await this.#tx.objectStore('receipts').put({ chat, id, from: sender, kind });
    const target = await find(this.#tx, chat, incoming.archive, id);
    if (!target) return;
    const about = await this.#chat(incoming);
    if (kind === 'read' && !incoming.group && target.mine) about.seen = Math.max(about.seen ?? -Infinity, target.order);
    const known = (row: MessageRow): boolean => (incoming.group ? row.readers?.includes(sender) === true : row.state === 'read');
    for (const row of kind === 'read' ? await readWith(this.#tx, about, target, known) : [target]) {
      if (!row.mine) continue;
      const changed = incoming.group ? addReader(row, sender, kind) : raise(row, kind);
      if (!changed) continue;
      await this.#tx.objectStore('messages').put(row);
      if (row.state === 'read' && about.late) about.late = about.late.filter((key) => key !== row.key);
      this.applied.chats.add(chat);
    }
  }

  /** Another device of ours has read it, or this one hears of its own marker. */
  async #readElsewhere(incoming: Incoming, id: string, kind: 'delivered' | 'read'): Promise<void> {
    await unqueue(this.#tx, incoming.chat, incoming.id);
    const target = kind === 'read' ? await find(this.#tx, incoming.chat, incoming.archive, id) : undefined;
    if (target) await markRead(this.#tx, await this.#chat(incoming), target);
  }

  async #failed(incoming: Incoming, id: string, condition: string): Promise<void> {
    const row = (await this.#tx.objectStore('messages').index('id').getAll([incoming.chat, id])).find((candidate) => candidate.mine);
    const queued = await this.#tx.objectStore('outbox').index('id').getAll([incoming.chat, id]);
    // A room that does not know us (any more) has refused nothing: we enter again and send again.
    if (condition === 'not-acceptable' && queued.some((waiting) => waiting.echoed)) {
      this.applied.lostRooms.add(incoming.chat);
      return;
    }
    await unqueue(this.#tx, incoming.chat, id);
    if (!row) return;
    if (RANK[row.state] > RANK.safe) return;
    row.state = 'failed';
    row.error = `error.${condition}`;
    this.applied.outbox = true;
    await this.#tx.objectStore('messages').put(row);
    this.applied.chats.add(incoming.chat);
  }
}

/** Only its author changes a message, or the room itself where a moderator has. @returns whether anything changed. */
function change(target: MessageRow, incoming: Incoming): boolean {
  const { content } = incoming;
  // Nicknames change hands, the occupant-id does not (XEP-0421).
  const same = target.occupant && incoming.occupant ? target.occupant === incoming.occupant : target.sender === incoming.sender;
  const author = target.mine === incoming.mine && (target.mine || same);
  if (content.type === 'reactions') {
    const who = incoming.mine ? incoming.sender : personOf(incoming);
    if (!isLater(target, `reactions ${who}`, incoming.at)) return false;
    target.reactions = { ...target.reactions, [who]: content.emojis };
    return true;
  }
  if (target.retracted) return false;
  if (content.type === 'retract' && (author || content.moderated)) {
    erase(target);
    return true;
  }
  if (content.type === 'text' && author) {
    if (!isLater(target, 'body', incoming.at)) return false;
    target.body = content.body;
    target.edited = true;
    // Anybody on the way could have written what is not encrypted.
    if (target.encrypted === 'omemo' && !content.sealed) target.encrypted = 'none';
    if (content.sealed) target.sealedBy = content.sealed;
    else delete target.sealedBy;
    return true;
  }
  return false;
}

function addReader(row: MessageRow, reader: string, kind: 'delivered' | 'read'): boolean {
  const changed = raise(row, 'safe');
  const list = kind === 'read' ? 'readers' : 'receivers';
  if (row[list]?.includes(reader)) return changed;
  row[list] = [...(row[list] ?? []), reader];
  return true;
}
