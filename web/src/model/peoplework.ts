import { publishAvatar, withdrawAvatar } from '../xmpp/avatar.ts';
import { block, blockListRequest, readBlockList, readBlockPush, unblock } from '../xmpp/blocking.ts';
import { infoRequest, readInfo } from '../xmpp/disco.ts';
import { StanzaError } from '../xmpp/errors.ts';
import { domain, parseAccount } from '../xmpp/jid.ts';
import { lastRequest, readLast } from '../xmpp/lastactivity.ts';
import { NS } from '../xmpp/ns.ts';
import { removeContact, setContact } from '../xmpp/roster.ts';
import { publishNick, vcardRequest, withName } from '../xmpp/vcard.ts';
import type { Context } from './context.ts';

const MOST_BLOCKED = 10_000;

/** What is done about people by hand: names, pictures, blocking. Needs a connection; a refusal is told, nothing is half done. */
export class PeopleWork {
  readonly #context: Context;
  readonly #shares: (on: boolean) => void;

  constructor(context: Context, shares: (on: boolean) => void) {
    this.#context = context;
    this.#shares = shares;
  }

  /** A new session: who is blocked, and whether reports are taken. */
  async begin(): Promise<void> {
    const { link, db, account } = this.#context;
    const list = await link.request(blockListRequest()).then(readBlockList, () => undefined);
    if (list) await db.put('meta', list.slice(0, MOST_BLOCKED), 'blocked');
    const info = await link.request(infoRequest(domain(account))).then(readInfo, () => undefined);
    if (info) await db.put('meta', info.features.has(NS.reporting), 'reports');
    this.#shares((await db.get('meta', 'last-seen')) === true);
    this.#context.tell({ kind: 'people' });
  }

  /** Another device has blocked or let somebody in again. @returns whether it was that. */
  async pushed(stanza: Element): Promise<boolean> {
    const push = readBlockPush(stanza);
    if (!push) return false;
    await this.#blocked((before) =>
      push.kind === 'block' ? [...before, ...push.jids] : push.jids.length === 0 ? [] : before.filter((jid) => !push.jids.includes(jid)),
    );
    return true;
  }

  /** @returns the condition of a refusal. */
  async does(method: string, args: unknown[]): Promise<string | undefined> {
    const [value, detail] = args;
    const text = typeof value === 'string' ? value : '';
    const known: Record<string, () => Promise<unknown>> = {
      rename: () => this.#context.link.request(setContact(text, typeof detail === 'string' && detail ? detail : undefined)),
      remove: () => this.#context.link.request(removeContact(text)),
      block: () => this.#block(text, detail as { reason: 'spam' | 'abuse'; text: string } | undefined),
      unblock: () => this.#unblock(text),
      name: () => this.#name(text),
      picture: () => this.#picture(value instanceof Blob ? value : undefined),
      look: () => this.#look(text),
      'last-seen': () => Promise.resolve(this.#shares(value === true)),
    };
    try {
      await known[method]?.();
      return undefined;
    } catch (error) {
      return error instanceof StanzaError ? error.condition : 'offline';
    }
  }

  async #block(jid: string, report: { reason: 'spam' | 'abuse'; text: string } | undefined): Promise<void> {
    const address = parseAccount(jid);
    if (!address) return;
    const said = report ? await this.#evidence(address) : [];
    await this.#context.link.request(block(address, report && { ...report, by: this.#context.account, stanzaIds: said }));
    await this.#blocked((before) => [...before, address]);
  }

  async #unblock(jid: string): Promise<void> {
    await this.#context.link.request(unblock(jid));
    await this.#blocked((before) => before.filter((other) => other !== jid));
  }

  /** What they said last, by the archive's ids: an operator can look at that and nothing else. */
  async #evidence(jid: string): Promise<string[]> {
    const range = IDBKeyRange.bound([jid, -Infinity], [jid, Infinity]);
    let cursor = await this.#context.db.transaction('messages').store.index('order').openCursor(range, 'prev');
    const ids: string[] = [];
    for (let n = 0; cursor && ids.length < 5 && n < 50; n++) {
      if (!cursor.value.mine && cursor.value.stanzaId) ids.push(cursor.value.stanzaId);
      cursor = await cursor.continue();
    }
    return ids;
  }

  async #blocked(change: (before: string[]) => string[]): Promise<void> {
    const { db } = this.#context;
    const before = ((await db.get('meta', 'blocked')) as string[] | undefined) ?? [];
    await db.put('meta', [...new Set(change(before))].slice(0, MOST_BLOCKED), 'blocked');
    this.#context.tell({ kind: 'people' });
  }

  /** In the card, which everybody may read, and as a nickname, which contacts are told at once (XEP-0172 §4.3). */
  async #name(name: string): Promise<void> {
    const { link, db, account } = this.#context;
    await link.request(withName(await link.request(vcardRequest(account)), name));
    await link.request(publishNick(name));
    await db.put('meta', name, 'name');
    this.#context.tell({ kind: 'people' });
  }

  async #picture(picture: Blob | undefined): Promise<void> {
    const { link, db, account } = this.#context;
    if (!picture) {
      await link.request(withdrawAvatar());
      await db.delete('avatars', account);
    } else {
      const { hash, data, metadata } = await publishAvatar(picture);
      // First the picture, so that nobody is told of one that is not there.
      await link.request(data);
      await link.request(metadata);
      await db.put('avatars', { jid: account, hash, picture });
    }
    this.#context.tell({ kind: 'people' });
  }

  async #look(jid: string): Promise<void> {
    if ((await this.#context.db.get('meta', 'last-seen')) !== true) return;
    const seconds = readLast(await this.#context.link.request(lastRequest(jid)));
    if (seconds) this.#context.tell({ kind: 'last-seen', jid, at: this.#context.reading.now() - seconds * 1000 });
  }
}
