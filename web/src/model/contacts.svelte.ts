import { local } from '../xmpp/jid.ts';
import type { ContactRow } from './db.ts';
import { nameOf, type Tab } from './groups.svelte.ts';
import type { Moment } from './moment.ts';
import type { Contact, People, Person, Refusal } from './types.ts';

/** People as the screens see them; what is done the leading tab does. */
export class LivePeople implements People {
  readonly #tab: Tab;
  readonly #moment: Moment;
  #rows = $state.raw<ReadonlyMap<string, ContactRow>>(new Map());
  #blocked = $state.raw<readonly string[]>([]);
  #reports = $state(false);
  #lastSeen = $state(false);
  #name = '';
  /** Rises when pictures or presence have changed, which live elsewhere. */
  #seen = $state(0);

  constructor(tab: Tab, moment: Moment) {
    this.#tab = tab;
    this.#moment = moment;
  }

  get contacts(): readonly Contact[] {
    void this.#seen;
    return [...this.#rows.values()].map((row): Contact => ({ ...this.person(row.jid), jid: row.jid, subscription: row.subscription, pending: row.pending, online: this.#moment.of(row.jid).online }));
  }
  get blocked(): readonly string[] {
    return this.#blocked;
  }
  get reports(): boolean {
    return this.#reports;
  }
  get lastSeen(): boolean {
    return this.#lastSeen;
  }

  person(jid: string, nick?: string): Person {
    const row = this.#rows.get(jid);
    const { avatar } = this.#moment.of(jid);
    return { jid, name: row?.name ?? row?.nick ?? nameOf(jid, nick), ...(avatar ? { avatar } : {}) };
  }

  /** Who one is oneself. */
  me(): { jid: string; name: string; avatar?: string } {
    const jid = this.#tab.account();
    const { avatar } = this.#moment.of(jid);
    return { jid, name: this.#name || local(jid), ...(avatar ? { avatar } : {}) };
  }

  async load(): Promise<void> {
    const db = this.#tab.db();
    this.#name = ((await db.get('meta', 'name')) as string | undefined) ?? '';
    for (const jid of await db.getAllKeys('avatars')) await this.#moment.loadAvatar(db, jid);
    this.#rows = new Map((await db.getAll('contacts')).map((row) => [row.jid, row]));
    this.#blocked = ((await db.get('meta', 'blocked')) as string[] | undefined) ?? [];
    this.#reports = (await db.get('meta', 'reports')) === true;
    this.#lastSeen = (await db.get('meta', 'last-seen')) === true;
    this.touch();
  }

  /** Pictures or presence are others. */
  touch(): void {
    this.#seen++;
  }

  clear(): void {
    this.#rows = new Map();
    this.#blocked = [];
  }

  rename(jid: string, name: string): Promise<Refusal> {
    return this.#ask('rename', jid, name);
  }
  remove(jid: string): Promise<Refusal> {
    return this.#ask('remove', jid);
  }
  block(jid: string, report?: { reason: 'spam' | 'abuse'; text: string }): Promise<Refusal> {
    return this.#ask('block', jid, report);
  }
  unblock(jid: string): Promise<Refusal> {
    return this.#ask('unblock', jid);
  }
  setName(name: string): Promise<Refusal> {
    return this.#ask('name', name);
  }
  setPicture(picture: Blob | null): Promise<Refusal> {
    return this.#ask('picture', picture ?? undefined);
  }
  async setLastSeen(on: boolean): Promise<void> {
    await this.#tab.db().put('meta', on, 'last-seen');
    this.#tab.tell({ kind: 'people' });
    await this.#ask('last-seen', on);
    void this.#tab.ask('share').catch(() => undefined);
  }
  look(jid: string): void {
    if (this.#lastSeen) void this.#ask('look', jid);
  }

  #ask(method: string, ...args: unknown[]): Promise<Refusal> {
    return this.#tab.ask('person', method, ...args).then((refusal) => (typeof refusal === 'string' ? refusal : undefined), () => 'offline');
  }
}
