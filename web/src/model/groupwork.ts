import { infoRequest, itemsOf, readInfo, readItemAddresses } from '../xmpp/disco.ts';
import { serialize } from '../xmpp/dom.ts';
import { LinkError, StanzaError } from '../xmpp/errors.ts';
import { domain } from '../xmpp/jid.ts';
import { directInvite, invite } from '../xmpp/muc.ts';
import { changeConfig, configRequest, destroy, PRIVATE_GROUP, readConfig, resign, setAffiliations, setConfig, type Affiliation } from '../xmpp/mucadmin.ts';
import { NS } from '../xmpp/ns.ts';
import { moderate } from '../xmpp/retraction.ts';
import { setPicture } from '../xmpp/vcard.ts';
import type { Context } from './context.ts';
import { transact, type OutboxRow, type Transaction } from './db.ts';
import { changeRoom, type Making, type Picture, type RoomRow } from './roomstate.ts';
import type { Rooms } from './rooms.ts';

const HOST = 'rooms';

/** Makes groups, changes them and leaves them. What takes several steps is written down first and done again until it is whole. */
export class GroupWork {
  readonly #context: Context;
  readonly #rooms: Rooms;
  readonly #busy = new Map<string, Promise<void>>();

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  /** Where this server has its groups. @throws Error where it has none, LinkError. */
  async host(): Promise<string> {
    const kept = (await this.#context.db.get('meta', HOST)) as string | undefined;
    if (kept) return kept;
    const { link } = this.#context;
    const items = readItemAddresses(await link.request(itemsOf(domain(this.#context.account))));
    for (const item of items.slice(0, 20)) {
      const info = await link.request(infoRequest(item)).then(readInfo, () => undefined);
      if (!info?.features.has(NS.muc) || !info.identities.some(({ category, type }) => category === 'conference' && type === 'text')) continue;
      await this.#context.db.put('meta', item, HOST);
      return item;
    }
    throw new Error('This server has no groups.');
  }

  /** A new session: goes on with everything that was cut off. */
  async begin(): Promise<void> {
    await this.host().catch(() => undefined);
    for (const room of await this.#context.db.getAll('rooms')) {
      if (room.making && !room.making.error) void this.make(room.jid).catch(() => undefined);
      if (room.leaving) void this.leave(room.jid).catch(() => undefined);
    }
  }

  /** Makes a group that is written down. Every step can be done twice; the one that a room refuses is written down too. */
  make(jid: string): Promise<void> {
    return this.#once(jid, async () => {
      const making = (await this.#context.db.get('rooms', jid))?.making;
      if (!making) return;
      try {
        await this.#make(jid, making);
      } catch (error) {
        if (error instanceof StanzaError) await this.#change(jid, (room) => (room.making = { ...making, error: error.condition }));
        throw error;
      }
    });
  }

  async #make(jid: string, making: Making): Promise<void> {
    const { link } = this.#context;
    await this.#rooms.add(jid, making.name);
    const offered = readConfig(await link.request(configRequest(jid)));
    if (offered) await link.request(setConfig(jid, offered, { ...PRIVATE_GROUP, 'muc#roomconfig_roomname': making.name }));
    if (making.people.length > 0) await link.request(setAffiliations(jid, making.people.map((person) => ({ jid: person, affiliation: 'member' }))));
    if (making.picture) await link.request(setPicture(making.picture, jid));
    await this.#rooms.refresh(jid);
    await transact(this.#context.db, 'strict', async (tx) => {
      await invitePeople(tx, jid, making.people);
      await changeRoom(tx, jid, (room) => delete room.making);
    });
    this.#context.tell({ kind: 'room', jid });
    this.#context.tell({ kind: 'outbox' });
  }

  /** Leaves a group as it was written down: hands it on, or ends it where nobody else is left. */
  leave(jid: string): Promise<void> {
    return this.#once(jid, async () => {
      const leaving = (await this.#context.db.get('rooms', jid))?.leaving;
      if (!leaving) return;
      const { link } = this.#context;
      // A step that is refused was done before, or cannot be done any more; one leaves all the same.
      const step = (request: Element): Promise<unknown> => link.request(request).catch((error: unknown) => { if (error instanceof LinkError) throw error; });
      if (leaving.destroy) await step(destroy(jid));
      else {
        if (leaving.successor) await step(setAffiliations(jid, [{ jid: leaving.successor, affiliation: 'owner' }]));
        await step(resign(jid));
      }
      await this.#rooms.end(jid, 'left');
      await this.#change(jid, (room) => delete room.leaving);
    });
  }

  /** @throws StanzaError when the room refuses, LinkError. */
  async rule(jid: string, changes: { jid: string; affiliation: Affiliation }[]): Promise<void> {
    await this.#context.link.request(setAffiliations(jid, changes));
    const added = changes.filter(({ affiliation }) => affiliation === 'member');
    const room = await this.#context.db.get('rooms', jid);
    await transact(this.#context.db, 'strict', async (tx) => {
      await invitePeople(tx, jid, added.flatMap(({ jid: person }) => (room?.members[person] ? [] : [person])));
    });
    this.#context.tell({ kind: 'outbox' });
    await this.#rooms.refresh(jid);
  }

  async configure(jid: string, changes: Record<string, string>): Promise<void> {
    await this.#context.link.request(changeConfig(jid, changes));
    await this.#rooms.refresh(jid);
  }

  async setPicture(jid: string, picture: Picture | undefined): Promise<void> {
    await this.#context.link.request(setPicture(picture, jid));
    await this.#rooms.refresh(jid);
  }

  /** Through the room, which decides who may (XEP-0045 §7.8.2). */
  invite(jid: string, person: string): void {
    this.#context.link.send(invite(jid, person));
  }

  async moderate(jid: string, stanzaId: string): Promise<void> {
    await this.#context.link.request(moderate(jid, stanzaId));
  }

  /** One at a time for each room. */
  #once(jid: string, work: () => Promise<void>): Promise<void> {
    let running = this.#busy.get(jid);
    if (!running) {
      running = work().finally(() => this.#busy.delete(jid));
      this.#busy.set(jid, running);
    }
    return running;
  }

  async #change(jid: string, change: (room: RoomRow) => unknown): Promise<void> {
    await transact(this.#context.db, 'strict', (tx) =>
      changeRoom(tx, jid, (room) => {
        change(room);
        return true;
      }),
    );
    this.#context.tell({ kind: 'room', jid });
  }
}

/** Each by the room where it does that, else directly (XEP-0249): two would be two notices in most apps. */
async function invitePeople(tx: Transaction, jid: string, people: readonly string[]): Promise<void> {
  const room = await tx.objectStore('rooms').get(jid);
  if (room?.membersOnly && room.invites) return;
  for (const person of people) await tx.objectStore('outbox').add(invitation(jid, person));
}

function invitation(room: string, person: string): OutboxRow {
  const id = crypto.randomUUID();
  return { chat: person, room: false, echoed: false, id, xml: serialize(directInvite(room, person, id)) };
}
