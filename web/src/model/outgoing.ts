import { parse } from '../xmpp/dom.ts';
import { raise } from './apply.ts';
import type { Context } from './context.ts';
import { transact, type MessageRow, type OutboxRow, type Transaction } from './db.ts';
import { fate, rename } from './naming.ts';
import { settlePlace, UNPLACED } from './reached.ts';

type Queued = OutboxRow & { seq: number };

/** What has come from the server, so that it is known what was before an acknowledgement. */
export interface InOrder {
  /** Everything that came until now is taken in when this settles. */
  taken: Promise<unknown>;
  /** Nothing of the account's archive is missing here. */
  current: boolean;
}

/** Encrypts a row, on disk when it settles. `later`: not yet; `gone`: it is not to be sent any more. */
export type Seal = (row: OutboxRow & { seq: number }) => Promise<{ xml: string } | 'later' | 'gone'>;

/**
 * Sends what is in the outbox, in order, each row once per session: within a session stream management sends again what a cut
 * swallowed; a new session begins with everything that is still here, under the same ids.
 */
export class Outgoing {
  readonly #context: Context;
  readonly #joined: (room: string) => boolean;
  readonly #seal: Seal;
  readonly #inOrder: () => InOrder;
  readonly #given = new Set<number>();
  #acknowledged: { seq: number; placed: boolean }[] = [];
  /** Acknowledged while it was not known what else the archive holds. */
  #unplaced: string[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #removing: Promise<void> | undefined;
  #session = 0;

  constructor(context: Context, joined: (room: string) => boolean, seal: Seal, inOrder: () => InOrder) {
    this.#context = context;
    this.#joined = joined;
    this.#seal = seal;
    this.#inOrder = inOrder;
  }

  /** A new session: nothing has been sent in it. */
  reset(): void {
    this.#session++;
    this.#given.clear();
  }

  /** A room has refused what was sent to it, because we were not in it: it goes out again when we are. */
  async again(room: string): Promise<void> {
    for (const row of await this.#rows()) {
      if (row.chat === room) this.#given.delete(row.seq);
    }
  }

  /** Sends what was not sent in this session yet. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush()).catch(() => undefined);
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    if (!this.#context.link.online) return;
    const session = this.#session;
    const rows = await this.#rows();
    const held = new Set<string>();
    for (const row of rows) {
      if (this.#given.has(row.seq) || held.has(row.chat) || (row.room && !this.#joined(row.chat))) continue;
      const about = row.about ? await this.#context.db.get('messages', row.about) : undefined;
      if (about && (await this.#keepsBack(row, about, rows, held))) continue;
      const sealed = row.seal ? await this.#seal(row) : row;
      // A session that began meanwhile sends all of it anew, from the first on.
      if (session !== this.#session) return;
      // What follows in that chat waits with it, in its order.
      if (sealed === 'later') held.add(row.chat);
      if (typeof sealed === 'string') continue;
      const stanza = parse(sealed.xml);
      if (!stanza || !this.#context.link.online) continue;
      if (about?.stanzaId) rename(stanza, about.stanzaId);
      this.#given.add(row.seq);
      this.#context.link.send(stanza, () => this.#safe(row.seq));
    }
  }

  async #keepsBack(row: Queued, about: MessageRow, rows: readonly Queued[], held: Set<string>): Promise<boolean> {
    const queued = rows.find((other) => other.key === about.key && other.id === about.id);
    const becomes = fate(row, about, queued !== undefined);
    // What was written behind it stays behind it, unless that would be behind a file that is still being uploaded.
    if (becomes === 'wait' && queued && queued.seq < row.seq) held.add(row.chat);
    if (becomes === 'drop') await this.#context.db.delete('outbox', row.seq);
    return becomes !== 'send';
  }

  async #rows(): Promise<Queued[]> {
    return (await this.#context.db.getAll('outbox')) as Queued[];
  }

  /** The archive has been caught up with: what was acknowledged meanwhile is behind all that is here. */
  async place(): Promise<void> {
    const keys = this.#unplaced.splice(0);
    if (keys.length === 0) return;
    await this.#inOrder().taken;
    await transact(this.#context.db, 'default', async (tx) => {
      for (const key of keys) {
        const message = await tx.objectStore('messages').get(key);
        // Unless the archive itself has said where.
        if (message?.reached === UNPLACED) await settle(tx, message);
      }
    });
  }

  // One transaction for all that one acknowledgement covers. A stream that was resumed says so before what it still holds for us.
  #safe(seq: number): void {
    this.#acknowledged.push({ seq, placed: this.#context.link.online && this.#inOrder().current });
    // Where the page goes meanwhile, the next one sends it again under the same id.
    this.#removing ??= Promise.resolve().then(() => this.#remove()).catch(() => undefined);
  }

  async #remove(): Promise<void> {
    this.#removing = undefined;
    const acknowledged = this.#acknowledged.splice(0);
    await this.#inOrder().taken;
    const chats = await transact(this.#context.db, 'default', async (tx) => {
      const changed = new Set<string>();
      for (const { seq, placed } of acknowledged) {
        const row = await tx.objectStore('outbox').get(seq);
        if (!row || row.echoed) continue;
        await tx.objectStore('outbox').delete(seq);
        const message = row.key ? await tx.objectStore('messages').get(row.key) : undefined;
        // A correction carries the state of its message only as far as that has come.
        if (!message || message.id !== row.id || message.state === 'failed') continue;
        raise(message, 'safe');
        if (placed) await settle(tx, message);
        else {
          this.#unplaced.push(message.key);
          await tx.objectStore('messages').put(message);
        }
        changed.add(message.chat);
      }
      return changed;
    });
    if (chats.size > 0) this.#context.tell({ kind: 'changed', chats: [...chats] });
  }
}

async function settle(tx: Transaction, message: MessageRow): Promise<void> {
  const chat = await tx.objectStore('chats').get(message.chat);
  if (!chat) return;
  settlePlace(chat, message);
  await tx.objectStore('chats').put(chat);
  await tx.objectStore('messages').put(message);
}
