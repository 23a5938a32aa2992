import { parse } from '../xmpp/dom.ts';
import { raise } from './apply.ts';
import type { Context } from './context.ts';
import { transact, type OutboxRow } from './db.ts';

/**
 * Sends what is in the outbox, in order, each row once per session: within a session stream management sends again what a cut
 * swallowed; a new session begins with everything that is still here, under the same ids.
 */
export class Outgoing {
  readonly #context: Context;
  readonly #joined: (room: string) => boolean;
  readonly #given = new Set<number>();
  #acknowledged: number[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #removing: Promise<void> | undefined;

  constructor(context: Context, joined: (room: string) => boolean) {
    this.#context = context;
    this.#joined = joined;
  }

  /** A new session: nothing has been sent in it. */
  reset(): void {
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
    for (const row of await this.#rows()) {
      if (this.#given.has(row.seq) || (row.room && !this.#joined(row.chat))) continue;
      const stanza = parse(row.xml);
      if (!stanza || !this.#context.link.online) continue;
      this.#given.add(row.seq);
      this.#context.link.send(stanza, () => this.#safe(row.seq));
    }
  }

  async #rows(): Promise<(OutboxRow & { seq: number })[]> {
    return (await this.#context.db.getAll('outbox')) as (OutboxRow & { seq: number })[];
  }

  // One transaction for all that one acknowledgement covers.
  #safe(seq: number): void {
    this.#acknowledged.push(seq);
    this.#removing ??= Promise.resolve().then(() => this.#remove());
  }

  async #remove(): Promise<void> {
    this.#removing = undefined;
    const acknowledged = this.#acknowledged.splice(0);
    const chats = await transact(this.#context.db, 'default', async (tx) => {
      const changed = new Set<string>();
      for (const seq of acknowledged) {
        const row = await tx.objectStore('outbox').get(seq);
        if (!row || row.echoed) continue;
        await tx.objectStore('outbox').delete(seq);
        const message = row.key ? await tx.objectStore('messages').get(row.key) : undefined;
        // A correction carries the state of its message only as far as that has come.
        if (!message || message.id !== row.id || message.state === 'failed' || !raise(message, 'safe')) continue;
        await tx.objectStore('messages').put(message);
        changed.add(message.chat);
      }
      return changed;
    });
    if (chats.size > 0) this.#context.tell({ kind: 'changed', chats: [...chats] });
  }
}
