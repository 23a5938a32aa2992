import { attribute, presence } from '../xmpp/dom.ts';
import { enableCarbons } from '../xmpp/carbons.ts';
import { capabilities } from '../xmpp/disco.ts';
import { LinkError, StanzaError } from '../xmpp/errors.ts';
import { bare } from '../xmpp/jid.ts';
import { idle } from '../xmpp/lastactivity.ts';
import { Link } from '../xmpp/link.ts';
import type { Identity } from '../xmpp/login.ts';
import { NS } from '../xmpp/ns.ts';
import { readEvent } from '../xmpp/pubsub.ts';
import { readTime, timeRequest } from '../xmpp/time.ts';
import type { MediaPass } from './mediapass.ts';
import type { Wire, WireEvents } from '../xmpp/wire.ts';
import type { Applied, Source } from './apply.ts';
import { Archives } from './archives.ts';
import type { Context } from './context.ts';
import type { Database, Transaction } from './db.ts';
import { GroupWork } from './groupwork.ts';
import { readMessage, type Incoming } from './incoming.ts';
import { Older } from './older.ts';
import { Outgoing } from './outgoing.ts';
import { People } from './people.ts';
import { PeopleWork } from './peoplework.ts';
import type { Nudges } from './nudges.ts';
import { Reconnect } from './reconnect.ts';
import { Rooms } from './rooms.ts';
import { DEVICES_NODE } from '../xmpp/omemo.ts';
import { Sealing, type OpenOmemo } from './sealing.ts';
import { isShared, Shared } from './shared.ts';
import type { Notice } from './tabs.ts';
import type { Transfer } from './transfer.ts';
import { Typing } from './typing.ts';
import { Uploading } from './uploading.ts';

export interface EngineOptions {
  db: Database;
  identity: Identity;
  url: string;
  wire: (events: WireEvents) => Wire;
  nudges: Nudges;
  transfer: Transfer;
  omemo?: OpenOmemo | undefined;
  seals?: 'always' | 'asked' | undefined;
  tell(notice: Notice): void;
  /** What is kept for the next login. */
  token(token: Identity['token']): void;
  /** Name and password do not do (any more). */
  refused(): void;
}

const FEATURES = [
  NS.disco, NS.caps, NS.ping, NS.receipts, NS.markers, NS.chatStates, NS.correct, NS.reactions, NS.retract, NS.reply, NS.directInvite,
  `${NS.nick}+notify`, `${NS.avatarMetadata}+notify`, `${NS.bookmarks}+notify`, `${NS.mds}+notify`, `${NS.chatSettings}+notify`, `${NS.lastSeen}+notify`,
];

/** Milliseconds between looking for rooms that have been silent for long. */
const CHECK_ROOMS = 60_000;

/** What the leading tab does: the connection, the archives, the outbox. Data goes through the database only. */
export class Engine {
  readonly #options: EngineOptions;
  readonly #context: Context;
  readonly #link: Link;
  readonly #reconnect: Reconnect;
  readonly #outgoing: Outgoing;
  readonly #rooms: Rooms;
  readonly #groups: GroupWork;
  #checking: ReturnType<typeof setInterval> | undefined;
  readonly #people: People;
  readonly #acts: PeopleWork;
  /** Contacts are told since when nobody has looked (XEP-0319). */
  #shares = false;
  readonly #shared: Shared;
  readonly #older: Older;
  readonly #archives: Archives;
  readonly #uploading: Uploading;
  readonly #sealing: Sealing;
  readonly #typing: Typing;
  readonly #features: readonly string[];
  #work: Promise<unknown> = Promise.resolve();
  readonly #looking = new Set<string>();
  #pass: MediaPass | undefined;
  #clock = 0;
  #cuts = 0;
  /** What every session begins with is done. */
  #begun = false;
  #offlineSince: number | null = Date.now();
  #state: 'offline' | 'connecting' | 'online' = 'offline';

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#features = options.omemo ? [...FEATURES, `${DEVICES_NODE}+notify`] : FEATURES;
    this.#link = new Link({
      identity: options.identity,
      url: options.url,
      wire: options.wire,
      features: this.#features,
      events: {
        stanza: (stanza) => this.#received(stanza),
        closed: (reason) => {
          this.#cuts++;
          this.#changeState('connecting');
          this.#reconnect.lost(reason.reason === 'conflict');
        },
        token: (token) => options.token(token),
      },
    });
    this.#context = this.#makeContext();
    this.#archives = new Archives(this.#context);
    this.#rooms = new Rooms(this.#context, (room) => void this.#enteredRoom(room));
    this.#groups = new GroupWork(this.#context, this.#rooms);
    this.#people = new People(this.#context, () => void this.#rooms.named().catch(() => undefined));
    this.#acts = new PeopleWork(this.#context, (on) => this.#share(on));
    this.#shared = new Shared(this.#context, (on) => this.#share(on));
    this.#older = new Older(this.#context);
    this.#sealing = new Sealing(this.#context, options.omemo, options.seals !== 'asked', () => void this.#outgoing.flush());
    this.#typing = new Typing(this.#context, this.#rooms);
    this.#outgoing = new Outgoing(this.#context, this.#rooms.joined, (row) => this.#sealing.seal(row), () => ({ taken: this.#work, current: this.#archives.of(options.identity.account).current }));
    this.#uploading = new Uploading(this.#context, options.transfer, () => void this.#outgoing.flush());
    this.#reconnect = new Reconnect({ attempt: () => this.#attempt(), probe: () => this.#link.probe(), nudges: options.nudges });
  }

  get online(): boolean {
    return this.#link.online;
  }

  async start(): Promise<void> {
    this.#clock = ((await this.#options.db.get('meta', 'clock')) as number | undefined) ?? 0;
    await this.#rooms.load();
    this.#changeState('connecting');
    this.#reconnect.start();
    this.#checking = setInterval(() => void this.#rooms.check(), CHECK_ROOMS);
  }

  stop(): void {
    clearInterval(this.#checking);
    this.#uploading.stop();
    this.#reconnect.stop();
    this.#sealing.stop();
    this.#link.close();
    this.#changeState('offline');
  }

  /** Something is in the outbox. */
  flush(): void {
    void this.#outgoing.flush();
    void this.#uploading.run();
  }

  /** Whether anybody looks at a tab; unless so, the server holds back what can wait (XEP-0352). */
  lookedAt(tab: string, on: boolean): void {
    const before = this.#looking.size > 0;
    if (on) this.#looking.add(tab);
    else this.#looking.delete(tab);
    if (before === this.#looking.size > 0) return;
    if (this.#shares) void this.#show();
    this.#link.setActive(!before);
  }

  #share(on: boolean): void {
    if (on === this.#shares) return;
    this.#shares = on;
    void this.#show();
  }

  /** Tells those who may see it that we are here, and where we let them know since when nobody looks. */
  async #show(): Promise<void> {
    if (!this.#link.online) return;
    this.#link.send(presence({}, await capabilities('https://nyala.im', this.#features), this.#shares && this.#looking.size === 0 ? idle(Date.now()) : undefined));
  }

  tellState(): void {
    this.#options.tell({ kind: 'connection', state: this.#state, since: this.#offlineSince });
  }

  /** What only the leader can do, by name; other tabs ask for it. */
  async serve(method: string, args: unknown[]): Promise<unknown> {
    const [first, second, third] = args;
    switch (method) {
      case 'older':
        return this.#older.fetch(String(first), second === true, Number(third ?? 50));
      case 'share':
        return Promise.all([this.#shared.publish(), this.#rooms.publish()]);
      case 'typing':
        return this.#typing.say(String(first), second === true);
      case 'add':
        return this.#people.add(String(first), second === undefined ? undefined : String(second));
      case 'join':
        return this.#rooms.add(String(first), second === undefined ? undefined : String(second));
      case 'media-pass':
        return (this.#pass ??= new (await import('./mediapass.ts')).MediaPass(this.#link)).get(first === true);
      case 'seal':
        return this.#sealing.with((work) => work.serve(String(first), args.slice(1)));
      case 'groups-host':
        return this.#groups.host();
      case 'person':
        return this.#acts.does(String(first), args.slice(1));
      case 'group':
        return this.#group(String(first), args.slice(1));
      default:
        return (await import('./invites.ts')).serve(this.#link, this.#options.identity, method, args);
    }
  }

  #makeContext(): Context {
    const { db, identity } = this.#options;
    return {
      link: this.#link,
      db,
      account: identity.account,
      reading: { account: identity.account, now: () => Date.now() + this.#clock, self: (room) => this.#rooms.self(room) },
      tell: (notice) => this.#options.tell(notice),
      seals: (chat) => this.#sealing.seals(chat),
      take: (messages, source, also) => this.#take(messages, source, also),
    };
  }

  async #attempt(): Promise<'connected' | 'retry' | 'give-up'> {
    try {
      const session = await this.#link.connect();
      this.#changeState('online');
      void this.#begin(session).catch(() => undefined);
      return 'connected';
    } catch (error) {
      if (!(error instanceof LinkError && error.reason === 'refused')) return 'retry';
      this.#changeState('offline');
      this.#options.refused();
      return 'give-up';
    }
  }

  /** After every connect; whatever fails here fails with the connection, and begins again with the next. */
  async #begin(session: 'resumed' | 'bound'): Promise<void> {
    const cuts = this.#cuts;
    const account = this.#archives.of(this.#link.account);
    account.reset();
    // Every connection starts as looked at (DELIVERY R12).
    if (this.#looking.size === 0) this.#link.setActive(false);
    if (session === 'bound') {
      this.#archives.reset();
      this.#outgoing.reset();
      this.#begun = false;
      if (!this.#link.carbons) void this.#link.request(enableCarbons()).catch(() => undefined);
      this.#people.forget();
      await this.#show();
      await this.#setClock();
      void this.#sealing.with((work) => work.begin()).catch(() => undefined);
    }
    // A resumed stream goes on as it was; what a cut has kept from being done at its beginning is done now.
    const beginning = !this.#begun;
    void this.#uploading.run(session === 'bound');
    this.flush();
    const firstTime = (await this.#options.db.get('meta', account.cursorKey)) === undefined;
    if (beginning) {
      await this.#people.begin();
      void this.#acts.begin().catch(() => undefined);
    }
    this.#options.tell({ kind: 'catching-up', on: true });
    const caughtUp = this.#archives.catchUp(this.#link.account);
    if (beginning) {
      await this.#rooms.begin();
      void this.#groups.begin().catch(() => undefined);
    } else {
      // Rooms are whole after a resumption, what they sent meanwhile was kept for this stream (DELIVERY R11), but not all may have been caught up with.
      this.#archives.goOn(this.#rooms.joined);
    }
    await caughtUp;
    void this.#outgoing.place().catch(() => undefined);
    if (beginning) await this.#rooms.settle();
    void this.#sealing.with((work) => work.upkeep()).catch(() => undefined);
    this.#options.tell({ kind: 'catching-up', on: false });
    if (cuts === this.#cuts) this.#begun = true;
    await this.#shared.begin(firstTime).then(() => this.#older.ahead());
  }

  async #setClock(): Promise<void> {
    const before = Date.now();
    const answer = await this.#link.request(timeRequest(this.#link.account.split('@')[1] ?? '')).catch(() => undefined);
    const server = answer && readTime(answer);
    if (server === undefined) return;
    this.#clock = server - (before + Date.now()) / 2;
    await this.#options.db.put('meta', this.#clock, 'clock');
    this.#options.tell({ kind: 'clock', offset: this.#clock });
  }

  async #enteredRoom(room: string): Promise<void> {
    this.flush();
    await this.#archives.catchUp(room);
  }

  async #take(messages: readonly Incoming[], source: Source, also?: (tx: Transaction) => Promise<void>): Promise<Applied> {
    const applied = await this.#sealing.take(messages, source, also);
    if (applied.chats.size > 0) this.#options.tell({ kind: 'changed', chats: [...applied.chats] });
    for (const jid of applied.met) this.#options.tell({ kind: 'room', jid });
    for (const room of applied.invited) void this.#rooms.add(room, undefined).catch(() => undefined);
    for (const row of applied.arrived) this.#options.tell({ kind: 'arrived', key: row.key, chat: row.chat });
    for (const room of applied.lostRooms) {
      await this.#outgoing.again(room);
      this.#archives.of(room).reset();
      this.#rooms.reenter(room);
    }
    if (applied.outbox) this.flush();
    return applied;
  }

  /** One after the other, in the order of arrival; settles when it is committed. */
  #received(stanza: Element): Promise<void> {
    const done = this.#work.then(() => this.#stanza(stanza));
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #stanza(stanza: Element): Promise<void> {
    if (stanza.localName === 'iq') return this.#push(stanza);
    if (stanza.localName === 'presence') {
      if (!(await this.#rooms.presence(stanza))) await this.#people.presence(stanza);
      return;
    }
    const event = readEvent(stanza);
    if (event) return this.#event(bare(attribute(stanza, 'from') ?? this.#link.account), event);
    if (await this.#rooms.told(stanza)) return;
    this.#rooms.heard(bare(attribute(stanza, 'from') ?? ''));
    const incoming = readMessage(stanza, this.#context.reading);
    if (incoming) await this.#live(incoming);
    else this.#typing.heard(stanza);
  }

  async #live(incoming: Incoming): Promise<void> {
    if (incoming.content.type === 'text') this.#options.tell({ kind: 'typing', chat: incoming.chat, names: [] });
    const { stanzaId } = incoming;
    if (stanzaId === undefined) {
      await this.#take([incoming], 'live');
      return;
    }
    const archive = this.#archives.of(incoming.archive);
    if (!archive.takesLive(stanzaId)) return;
    try {
      await this.#take([incoming], 'live', async (tx) => {
        // Between looking and committing a new session may have begun; then the cursor must stay where the gap is.
        if (archive.current) await tx.objectStore('meta').put(stanzaId, archive.cursorKey);
      });
    } catch (error) {
      // It could not be stored: the next one must not move the cursor past it.
      archive.reset();
      void this.#archives.catchUp(incoming.archive);
      throw error;
    }
  }

  async #push(stanza: Element): Promise<void> {
    if (!(await this.#acts.pushed(stanza))) await this.#people.roster(stanza, true);
  }

  async #event(from: string, event: NonNullable<ReturnType<typeof readEvent>>): Promise<void> {
    const own = from === this.#link.account;
    if (own && event.node === NS.bookmarks) await this.#rooms.bookmarks(event.items, event.retracted);
    else if (event.node === DEVICES_NODE) void this.#sealing.with((work) => work.told(from, event.items)).catch(() => undefined);
    else if (own && isShared(event.node)) await this.#shared.told(event.node, event.items);
    // A picture is fetched by a question, whose answer must not wait behind this.
    else void this.#people.published(from, event.node, event.items).catch(() => undefined);
  }

  /** What is done to a group by hand. @returns the condition of a refusal. */
  async #group(method: string, args: unknown[]): Promise<string | undefined> {
    const [jid, value] = args as [string, never];
    const does: Record<string, () => Promise<unknown>> = {
      make: () => this.#groups.make(jid),
      leave: () => this.#groups.leave(jid),
      rule: () => this.#groups.rule(jid, value),
      configure: () => this.#groups.configure(jid, value),
      picture: () => this.#groups.setPicture(jid, value),
      moderate: () => this.#groups.moderate(jid, value),
      refresh: () => this.#rooms.refresh(jid),
      forget: () => this.#rooms.end(jid, 'left'),
      invite: () => Promise.resolve(this.#groups.invite(jid, value)),
    };
    try {
      await does[method]?.();
      return undefined;
    } catch (error) {
      return error instanceof StanzaError ? error.condition : 'offline';
    }
  }

  #changeState(state: 'offline' | 'connecting' | 'online'): void {
    if (state === 'online') this.#offlineSince = null;
    else this.#offlineSince ??= Date.now();
    this.#state = state;
    this.tellState();
  }
}
