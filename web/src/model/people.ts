import { avatarRequest, readAvatar, readAvatarInfo } from '../xmpp/avatar.ts';
import { attribute } from '../xmpp/dom.ts';
import { bare, local } from '../xmpp/jid.ts';
import { readIdle } from '../xmpp/lastactivity.ts';
import { NS } from '../xmpp/ns.ts';
import type { PepItem } from '../xmpp/pubsub.ts';
import { answerSubscription, readRoster, rosterRequest, setContact, subscribe, type Contact } from '../xmpp/roster.ts';
import { readNick } from '../xmpp/vcard.ts';
import { chatRow } from './chats.ts';
import type { Context } from './context.ts';
import { transact, type ContactRow } from './db.ts';

/** The people of this account: who they are, and who is there. */
export class People {
  readonly #context: Context;
  /** One has another name oneself. */
  readonly #named: () => void;
  readonly #present = new Map<string, Set<string>>();

  constructor(context: Context, named: () => void) {
    this.#context = context;
    this.#named = named;
  }

  /** A new session: everybody's presence comes anew, in answer to ours. */
  forget(): void {
    for (const jid of this.#present.keys()) this.#context.tell({ kind: 'presence', jid, online: false });
    this.#present.clear();
  }

  async begin(): Promise<void> {
    const version = (await this.#context.db.get('meta', 'roster')) as string | undefined;
    const answer = await this.#context.link.request(rosterRequest(version)).catch(() => undefined);
    if (answer) await this.roster(answer, false);
  }

  /** The list, or one change of it. */
  async roster(stanza: Element, push: boolean): Promise<void> {
    const roster = readRoster(stanza);
    if (!roster) return;
    const changed = await transact(this.#context.db, 'default', async (tx) => {
      const contacts = tx.objectStore('contacts');
      const listed = new Set(roster.contacts.map((contact) => contact.jid));
      // A whole list leaves nobody in it who is not.
      if (!push) for (const jid of await contacts.getAllKeys()) if (!listed.has(jid)) await contacts.delete(jid);
      for (const contact of roster.contacts) {
        if (contact.subscription === 'remove') await contacts.delete(contact.jid);
        else await contacts.put(contactRow(contact, await contacts.get(contact.jid)));
        const chat = await tx.objectStore('chats').get(contact.jid);
        if (!chat || contact.subscription === 'remove') continue;
        const row = await contacts.get(contact.jid);
        await tx.objectStore('chats').put({ ...chat, request: false, name: row?.name ?? row?.nick ?? chat.name });
      }
      if (roster.version) await tx.objectStore('meta').put(roster.version, 'roster');
      return [...listed];
    });
    if (changed.length > 0) this.#context.tell({ kind: 'changed', chats: changed });
    this.#context.tell({ kind: 'people' });
  }

  /** Makes a contact of somebody, and asks to see whether they are there. @param token An invitation's. */
  async add(jid: string, token?: string): Promise<void> {
    await this.#context.link.request(setContact(jid));
    // What they may have asked before is answered with it; whoever asks later is let in for having been asked (RFC 6121 §3.4).
    this.#context.link.send(answerSubscription(jid, true));
    this.#context.link.send(subscribe(jid, token));
  }

  /** Presence of a person; a room's goes elsewhere. */
  async presence(stanza: Element): Promise<void> {
    const from = attribute(stanza, 'from');
    if (!from || bare(from) === this.#context.account) return;
    const type = attribute(stanza, 'type');
    if (type === 'subscribe') return this.#asked(bare(from));
    if (type !== undefined && type !== 'unavailable') return;
    const resources = this.#present.get(bare(from)) ?? new Set<string>();
    const before = resources.size > 0;
    if (type === 'unavailable') resources.delete(from);
    else resources.add(from);
    this.#present.set(bare(from), resources);
    const idle = type === 'unavailable' ? undefined : readIdle(stanza);
    if (idle !== undefined && (await this.#context.db.get('meta', 'last-seen')) === true) this.#context.tell({ kind: 'last-seen', jid: bare(from), at: idle });
    if (before !== resources.size > 0) this.#context.tell({ kind: 'presence', jid: bare(from), online: resources.size > 0 });
  }

  /** Names and pictures that people publish. */
  async published(from: string, node: string, items: PepItem[]): Promise<void> {
    const item = items[0];
    if (!item) return;
    if (node === NS.nick) await this.#nick(from, readNick(item.payload));
    else if (node === NS.avatarMetadata) await this.#avatar(from, item);
  }

  async #asked(jid: string): Promise<void> {
    const contact = await this.#context.db.get('contacts', jid);
    // Whom we have asked may see us too; everybody else waits for a decision.
    if (contact && (contact.pending || contact.subscription === 'to' || contact.subscription === 'both')) {
      this.#context.link.send(answerSubscription(jid, true));
      return;
    }
    const decided = await transact(this.#context.db, 'default', async (tx) => {
      const known = await tx.objectStore('chats').get(jid);
      // The server asks again in every session; where one talks already, nothing is to be decided about that.
      if (known && !known.request && !known.deleted) return known;
      await tx.objectStore('chats').put({ ...(await chatRow(tx, jid, 'direct')), request: true });
      return undefined;
    });
    if (!decided) this.#context.tell({ kind: 'changed', chats: [jid] });
    // They were let in, and the server was not reached with it.
    else if (decided.accepted) void this.add(jid).catch(() => undefined);
  }

  async #nick(jid: string, nick: string | undefined): Promise<void> {
    if (jid === this.#context.account) {
      await this.#context.db.put('meta', nick ?? '', 'name');
      this.#named();
      return this.#context.tell({ kind: 'people' });
    }
    await transact(this.#context.db, 'default', async (tx) => {
      const contact = await tx.objectStore('contacts').get(jid);
      if (!contact) return;
      const row: ContactRow = { ...contact };
      if (nick) row.nick = nick;
      else delete row.nick;
      await tx.objectStore('contacts').put(row);
      const chat = await tx.objectStore('chats').get(jid);
      if (chat) await tx.objectStore('chats').put({ ...chat, name: row.name ?? row.nick ?? local(jid) });
    });
    this.#context.tell({ kind: 'changed', chats: [jid] });
    this.#context.tell({ kind: 'people' });
  }

  async #avatar(jid: string, item: PepItem): Promise<void> {
    const info = readAvatarInfo(item);
    if (!info) return;
    const known = await this.#context.db.get('avatars', jid);
    if (info === 'none') await this.#context.db.delete('avatars', jid);
    else if (known?.hash !== info.id) {
      const answer = await this.#context.link.request(avatarRequest(jid, info.id)).catch(() => undefined);
      const picture = answer && (await readAvatar(answer, info));
      if (!picture) return;
      await this.#context.db.put('avatars', { jid, hash: info.id, picture });
    }
    this.#context.tell({ kind: 'changed', chats: [jid] });
    this.#context.tell({ kind: 'people' });
  }
}

function contactRow(contact: Contact, before: ContactRow | undefined): ContactRow {
  return {
    jid: contact.jid,
    subscription: contact.subscription,
    pending: contact.pending,
    ...(contact.name ? { name: contact.name } : {}),
    ...(before?.nick ? { nick: before.nick } : {}),
  };
}
