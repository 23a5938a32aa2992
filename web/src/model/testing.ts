import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { attribute, child, childText, serialize } from '../xmpp/dom.ts';
import { NS } from '../xmpp/ns.ts';
import { ScriptedServer, until } from '../xmpp/testing.ts';
import { WebSocketWire } from '../xmpp/websocket.ts';
import { LiveModel } from './live.svelte.ts';
import type { OpenOmemo } from './sealing.ts';
import { FileServer } from './testing-files.ts';
import type { Transfer } from './transfer.ts';
import type { Conversation, Message } from './types.ts';

export const ROMEO = ScriptedServer.account;
export const JULIET = 'juliet@example.org';
export const ROOM = 'verona@rooms.example.org';

interface Entry {
  id: string;
  xml: string;
  at: string;
}

/** A server with archives and rooms, which lets in, keeps, and answers page by page. */
export class ArchivingServer extends ScriptedServer {
  readonly archives = new Map<string, Entry[]>();
  queries = 0;
  /** Whether it lists the chats (XEP-0430), and how many are unread in each. */
  inbox = false;
  readonly unread = new Map<string, number>();
  mds = '';
  bookmarks = '';
  settings = '';
  /** Rooms take messages and show them to whoever is in. */
  joined = new Set<string>();
  #next = 0;

  constructor() {
    super();
    this.token = 'token';
    this.answer = (stanza) => this.reply(stanza);
  }

  /** Puts a message into an archive. @returns its archive id. */
  keep(archive: string, xml: string): string {
    const id = `archive-${++this.#next}`;
    const entries = this.archives.get(archive) ?? [];
    entries.push({ id, xml, at: new Date(Date.UTC(2026, 0, 1, 0, 0, this.#next)).toISOString() });
    this.archives.set(archive, entries);
    return id;
  }

  /** Keeps a message of Juliet's and delivers it. */
  deliver(id: string, body = id, payload = ''): void {
    const inner = text(JULIET, ROMEO, id, body, payload);
    const archived = this.keep(ROMEO, inner);
    this.tell(inner.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${archived}' by='${ROMEO}'/></message>`));
  }

  reply(stanza: Element): string | undefined {
    if (stanza.localName === 'presence') return this.#presence(stanza);
    if (stanza.localName === 'message') return this.#message(stanza);
    const to = attribute(stanza, 'to') ?? ROMEO;
    const query = child(stanza, 'query', NS.mam);
    if (query) return this.#query(query, to);
    if (child(stanza, 'inbox', NS.inbox) && this.inbox) return this.#inbox(child(child(stanza, 'inbox', NS.inbox), 'set', NS.rsm), attribute(stanza, 'id'));
    const published = child(child(stanza, 'pubsub', NS.pubsub), 'publish', NS.pubsub);
    if (attribute(published, 'node') === NS.bookmarks) this.#bookmark(child(published, 'item', NS.pubsub));
    const items = child(child(stanza, 'pubsub', NS.pubsub), 'items', NS.pubsub);
    const node = attribute(items, 'node');
    const content = node === NS.mds ? this.mds : node === NS.bookmarks ? this.bookmarks : node === NS.chatSettings ? this.settings : undefined;
    if (content === undefined) return undefined;
    return `<iq xmlns='${NS.client}' type='result' id='%id%'><pubsub xmlns='${NS.pubsub}'><items node='${node}'>${content}</items></pubsub></iq>`;
  }

  #bookmark(item: Element | undefined): void {
    const others = this.bookmarks.split(/(?=<item )/u).filter((other) => !other.includes(`id='${attribute(item, 'id')}'`));
    if (item) this.bookmarks = [...others, serialize(item).replace(/\bid="([^"]*)"/u, "id='$1'")].join('');
  }

  #presence(stanza: Element): string | undefined {
    const to = attribute(stanza, 'to');
    if (!to || !child(stanza, 'x', NS.muc)) return undefined;
    this.joined.add(to.split('/')[0] ?? '');
    const x = `<x xmlns='${NS.mucUser}'><item affiliation='member' role='participant'/><status code='110'/></x>`;
    return `<presence xmlns='${NS.client}' from='${to}' to='${ROMEO}/web'>${x}<occupant-id xmlns='${NS.occupantId}' id='me'/></presence>`;
  }

  #message(stanza: Element): string | undefined {
    const to = attribute(stanza, 'to') ?? '';
    if (!child(stanza, 'body', NS.client)) return undefined;
    if (attribute(stanza, 'type') !== 'groupchat') {
      stanza.setAttribute('from', `${ROMEO}/web`);
      if (!(this.archives.get(ROMEO) ?? []).some((entry) => entry.xml.includes(`id="${attribute(stanza, 'id')}"`))) this.keep(ROMEO, serialize(stanza));
      return undefined;
    }
    const id = attribute(stanza, 'id') ?? '';
    if (!this.joined.has(to)) {
      return `<message xmlns='${NS.client}' type='error' from='${to}' id='${id}'><error type='modify'><not-acceptable xmlns='${NS.stanzaErrors}'/></error></message>`;
    }
    const inner = roomText('romeo', id, childText(stanza, 'body', NS.client) ?? '', 'me');
    const archived = this.keep(to, inner);
    return inner.replace('</message>', `<stanza-id xmlns='${NS.sid}' id='${archived}' by='${to}'/></message>`);
  }

  #query(query: Element, archive: string): string {
    this.queries++;
    const all = this.archives.get(archive) ?? [];
    const set = child(query, 'set', NS.rsm);
    const max = Number(childText(set, 'max', NS.rsm));
    const after = childText(set, 'after', NS.rsm);
    const before = childText(set, 'before', NS.rsm);
    const at = (id: string): number => all.findIndex((entry) => entry.id === id);
    if ((after !== undefined && at(after) < 0) || (before && at(before) < 0)) {
      return `<iq xmlns='${NS.client}' type='error' id='%id%' from='${archive}'><error type='cancel'><item-not-found xmlns='${NS.stanzaErrors}'/></error></iq>`;
    }
    const named = fields(query);
    const fits = (entry: Entry): boolean => {
      const { with: other, end } = named;
      return (other === undefined || addresses(entry).includes(other)) && (end === undefined || entry.at <= end);
    };
    const range = before !== undefined ? all.slice(0, before === '' ? all.length : at(before)) : all.slice(after === undefined ? 0 : at(after) + 1);
    const candidates = range.filter(fits);
    const page = before !== undefined ? candidates.slice(-max) : candidates.slice(0, max);
    const queryId = attribute(query, 'queryid');
    for (const entry of page) {
      this.tell(`<message xmlns='${NS.client}' from='${archive}'>${result(entry, queryId)}</message>`);
    }
    const ends = page.length ? `<first>${page[0]?.id}</first><last>${page.at(-1)?.id}</last>` : '';
    const complete = page.length === candidates.length;
    return `<iq xmlns='${NS.client}' type='result' id='%id%' from='${archive}'><fin xmlns='${NS.mam}' complete='${complete}'><set xmlns='${NS.rsm}'>${ends}</set></fin></iq>`;
  }

  /** Pages of two, so that there are several. */
  #inbox(set: Element | undefined, queryId: string | undefined): string {
    const chats = new Map<string, Entry>();
    for (const entry of [...(this.archives.get(ROMEO) ?? [])].reverse()) {
      const other = addresses(entry).find((address) => address !== ROMEO) ?? ROMEO;
      if (entry.xml.includes('<body') && !chats.has(other)) chats.set(other, entry);
    }
    const all = [...chats];
    const after = childText(set, 'after', NS.rsm);
    const from = after === undefined ? 0 : all.findIndex(([jid]) => jid === after) + 1;
    const page = all.slice(from, from + 2);
    for (const [jid, entry] of page) {
      this.tell(`<message xmlns='${NS.client}' from='${ROMEO}'><entry xmlns='${NS.inbox}' jid='${jid}' unread='${this.unread.get(jid) ?? 0}' id='${entry.id}'/>${result(entry, queryId)}</message>`);
    }
    const last = page.at(-1)?.[0];
    return `<iq xmlns='${NS.client}' type='result' id='%id%'><fin xmlns='${NS.inbox}' total='${all.length}'><set xmlns='${NS.rsm}'>${last ? `<last>${last}</last>` : ''}</set></fin></iq>`;
  }
}

const result = (entry: Entry, queryId: string | undefined): string =>
  `<result xmlns='${NS.mam}' queryid='${queryId}' id='${entry.id}'><forwarded xmlns='${NS.forward}'><delay xmlns='${NS.delay}' stamp='${entry.at}'/>${entry.xml}</forwarded></result>`;

/** The bare addresses of a message. */
function addresses(entry: Entry): string[] {
  return [...entry.xml.slice(0, entry.xml.indexOf('>')).matchAll(/(?:from|to)=['"]([^'"/]+)/gu)].flatMap((match) => match[1] ?? []);
}

function fields(query: Element): Record<string, string | undefined> {
  const all = [...(child(query, 'x', NS.form)?.children ?? [])];
  return Object.fromEntries(all.map((field) => [attribute(field, 'var') ?? '', childText(field, 'value', NS.form)]));
}

export const text = (from: string, to: string, id: string, body: string, payload = ''): string =>
  `<message xmlns='${NS.client}' type='chat' from='${from}/x' to='${to}' id='${id}'><body>${body}</body>${payload}</message>`;

export const roomText = (nick: string, id: string, body: string, occupant: string): string =>
  `<message xmlns='${NS.client}' type='groupchat' from='${ROOM}/${nick}' id='${id}'><body>${body}</body><occupant-id xmlns='${NS.occupantId}' id='${occupant}'/></message>`;

/** Locks of one browser, for the tabs that share them. */
export class Locks {
  #queue = new Map<string, Promise<unknown>>();
  request(name: string, work: () => Promise<unknown>): Promise<unknown> {
    const next = (this.#queue.get(name) ?? Promise.resolve()).then(work);
    this.#queue.set(name, next.catch(() => undefined));
    return next;
  }
}

export interface Tab {
  model: LiveModel;
  nudge(): void;
}

/** A tab whose page has just been loaded. */
export function tab(locks: Locks, transfer: Transfer, url: () => Promise<string>, omemo?: OpenOmemo, seals: 'always' | 'asked' = 'always'): Tab {
  let nudge = (): void => undefined;
  const model = new LiveModel({
    url,
    wire: (events) => new WebSocketWire(events),
    nudges: (changed) => {
      nudge = changed;
      return () => undefined;
    },
    locks: locks as unknown as LockManager,
    transfer,
    ...(omemo ? { omemo, seals } : {}),
  });
  return { model, nudge: () => nudge() };
}

/** One browser with Romeo's tabs, and the server. */
export class Scene {
  readonly server = new ArchivingServer();
  readonly files = new FileServer();
  readonly #locks = new Locks();
  readonly #tabs: Tab[] = [];
  omemo: OpenOmemo | undefined;
  seals: 'always' | 'asked' = 'always';

  constructor() {
    globalThis.indexedDB = new IDBFactory();
    this.server.install();
    this.files.install(this.server);
  }

  load(url = (): Promise<string> => Promise.resolve('ws://localhost/xmpp-websocket')): Tab {
    const made = tab(this.#locks, this.files, url, this.omemo, this.seals);
    this.#tabs.push(made);
    return made;
  }

  async signedIn(): Promise<Tab> {
    const made = this.load();
    await made.model.signIn(ROMEO, ScriptedServer.password);
    await until(() => made.model.connection === 'online', 'a connection');
    return made;
  }

  async reloaded(before: Tab): Promise<Tab> {
    before.model.close();
    const made = this.load();
    if (!(await made.model.restore())) throw new Error('Nobody was signed in.');
    await until(() => made.model.connection === 'online', 'a connection');
    return made;
  }

  end(): void {
    for (const { model } of this.#tabs) model.close();
  }
}

export const bodies = (conversation: Conversation): string[] => conversation.messages.map((message) => message.body);
export const named = (conversation: Conversation, body: string): Message | undefined =>
  conversation.messages.find((message) => message.body === body);

/** Something from Juliet that no archive keeps. */
export const fromJuliet = (payload: string): string =>
  `<message xmlns='${NS.client}' from='${JULIET}/x' to='${ROMEO}'>${payload}</message>`;
