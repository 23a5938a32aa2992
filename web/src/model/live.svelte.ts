import { parseAccount } from '../xmpp/jid.ts';
import { LinkError } from '../xmpp/errors.ts';
import type { Identity } from '../xmpp/login.ts';
import { Actions } from './actions.ts';
import { emptyChat } from './chats.ts';
import { LiveConversation } from './conversation.svelte.ts';
import { openDatabase, type ChatRow, type MessageRow } from './db.ts';
import { LivePeople } from './contacts.svelte.ts';
import type { Doorway } from './doorway.ts';
import { LiveGroups, type Tab } from './groups.svelte.ts';
import { beginChat } from './housekeeping.ts';
import { loaded } from './loading.ts';
import { Media } from './media.ts';
import { Moment } from './moment.ts';
import type { LiveOptions, Open } from './open.ts';
import { Gate } from './gate.ts';
import { change, forget, identityOf, kept, remember, withToken } from './session.ts';
import type { Seals } from './seals.ts';
import { sourceOf, type Host } from './source.ts';
import { sweepLater } from './sweeplater.ts';
import { Tabs, type Notice } from './tabs.ts';
import { laterTransfer } from './latertransfer.ts';
import type { Chat, ConnectionState, Conversation, Message, Model, Stranger } from './types.ts';
import { viewChat, viewMessage } from './views.ts';

/** The model of one account in one tab. Everything shown comes from the database; the leading tab keeps it true. */
export class LiveModel implements Model {
  readonly #options: Required<Omit<LiveOptions, 'locks' | 'omemo' | 'seals'>> & Pick<LiveOptions, 'locks' | 'omemo' | 'seals'>;
  #me = $state.raw<{ jid: string; name: string; avatar?: string } | null>(null);
  #connection = $state<ConnectionState>('offline');
  #offlineSince = $state<number | null>(null);
  #catchingUp = $state<'fresh' | 'behind' | null>(null);
  #chats = $state.raw<readonly Chat[]>([]);
  #open: Open | undefined;
  readonly #conversations = new Set<{ jid: string; conversation: LiveConversation }>();
  readonly #rows = new Map<string, ChatRow>();
  readonly #last = new Map<string, Message>();
  readonly #moment = new Moment(() => this.#publish());
  readonly #part: Tab = {
    db: () => this.#need().db,
    account: () => this.#need().identity.account,
    ask: (method, ...args) => this.ask(method, ...args),
    tell: (notice) => this.#open && this.#tell(this.#open, notice),
    changed: (chats) => this.#changed(chats),
    chat: (jid) => this.#chat(jid),
    person: (jid, nick) => this.people.person(jid, nick),
  };
  readonly groups = new LiveGroups(this.#part);
  readonly people = new LivePeople(this.#part, this.#moment);
  #loading: Promise<void> = Promise.resolve();
  /** What to add to this machine's time for the server's, in ms. */
  #clock = 0;
  readonly #tab = crypto.randomUUID();
  readonly #host: Host = {
    db: () => this.#need().db,
    media: () => this.#open?.media,
    chat: (jid) => this.#chats.find((chat) => chat.jid === jid) ?? this.#chat(jid),
    view: (row) => this.#view(row),
    ask: (method, ...args) => this.ask(method, ...args),
    does: (jid, action) => this.#does([jid], action),
    act: (jid, action, then) => this.#act(jid, action, then),
  };
  readonly #looks = (): void => this.#tellLook();
  /** Messages of others that came just now, for sounds and notices. */
  onArrived: (message: Message, chat: Chat) => void = () => undefined;
  onTrouble: (error: unknown) => void = () => undefined;

  readonly #online = new Gate();

  constructor(options: LiveOptions) {
    this.#options = { ...options, transfer: options.transfer ?? laterTransfer };
  }

  /** How people come in and let others in; loaded when it is needed. */
  doorway = async (): Promise<Doorway> => new (await import('./doorway.ts')).Doorway(this);

  online = async (): Promise<void> => (this.#connection === 'online' ? undefined : this.#online.wait());

  get me(): { jid: string; name: string; avatar?: string } | null { return this.#me; }
  get connection(): ConnectionState { return this.#connection; }
  get offlineSince(): number | null { return this.#offlineSince; }
  get catchingUp(): 'fresh' | 'behind' | null { return this.#catchingUp; }
  get chats(): readonly Chat[] { return this.#chats; }
  get unreadTotal(): number {
    return this.#chats.reduce((sum, chat) => sum + (chat.muted ? 0 : chat.unread || (chat.markedUnread ? 1 : 0)), 0);
  }

  /** Goes on as who was signed in before: the list is there before anything is connected. @returns whether somebody was. */
  async restore(): Promise<boolean> {
    void sweepLater();
    const session = await kept();
    if (!session) return false;
    await this.#start(identityOf(session));
    if (session.unsentName !== undefined) void this.doorway().then((doorway) => doorway.tellName()).catch(() => undefined);
    return true;
  }

  /** @throws LinkError `refused` when name or password are wrong. */
  async signIn(address: string, password: string, isKey = false): Promise<void> {
    const account = parseAccount(address);
    if (!account) throw new LinkError('refused', 'no address');
    const url = await this.#options.url(account.slice(account.indexOf('@') + 1));
    const { enrol } = await import('./verify.ts');
    await this.#start(await enrol(account, password, isKey, url, this.#options.wire));
  }

  /** Tells the server that this device's token is of no use any more, where it can be reached, and takes everything away from here. */
  async signOut(): Promise<void> {
    const [open, session] = [this.#open, await kept()];
    // Whoever lists a device that is gone encrypts for nobody.
    if (this.#connection === 'online') await this.ask('seal', 'leave').catch(() => undefined);
    remember(undefined);
    await this.#leave(open?.identity.account);
    if (open && session) await Promise.all([import('./verify.ts'), open.url()]).then(([{ withdraw }, url]) => withdraw(session, url, this.#options.wire)).catch(() => undefined);
    await sweepLater();
  }

  /** Nobody is signed in any more; what is here stays, for whoever signs in as the same again. */
  async #leave(gone?: string): Promise<void> {
    await forget(gone);
    this.#open?.tabs.tell({ kind: 'signed-out' });
    this.#stop();
  }

  /** Lets go of the connection and the database, as when the page goes. */
  close(): void { this.#stop(); }

  open(chat: string): Conversation {
    const entry = { jid: chat, conversation: new LiveConversation(sourceOf(this.#host, chat, () => this.#closed(entry))) };
    this.#conversations.add(entry);
    void this.ask('seal', 'prepare', chat).catch(() => undefined);
    return entry.conversation;
  }

  #closed(entry: { jid: string; conversation: LiveConversation }): void {
    this.#conversations.delete(entry);
    if (![...this.#conversations].some(({ jid }) => jid === entry.jid)) this.#open?.media.leave(entry.jid);
  }

  /** @param name What somebody is called of whom nothing is known yet. */
  async startChat(jid: string, name?: string): Promise<Chat> {
    const { db, identity } = this.#need();
    const account = parseAccount(jid);
    if (!account) throw new Error('no address');
    if (this.#rows.get(account)?.kind === 'group') return this.joinGroup(account);
    await beginChat(db, account, account === identity.account ? 'self' : 'direct', name);
    // Without a connection the chat is there all the same; the contact is made by the first message's answer or the next try.
    this.#tell(this.#need(), { kind: 'outbox' });
    if (account !== identity.account) void this.ask('add', account).catch(() => undefined);
    await this.#changed([account]);
    return this.#chat(account);
  }

  joinGroup = (room: string, name?: string): Promise<Chat> => this.groups.join(room, name);
  invite = (room: string, jid: string): void => this.groups.invite(room, jid);

  setPinned = (jid: string, on: boolean): void => this.#set(jid, { pinned: on });
  setMuted = (jid: string, on: boolean): void => this.#set(jid, { muted: on });
  setArchived = (jid: string, on: boolean): void => this.#set(jid, { archived: on });
  markUnread = (jid: string): void => this.#set(jid, { markedUnread: true });

  /** Newest first, at most a hundred; nothing when it is given up. */
  async search(text: string, { chat, signal }: { chat?: string; signal?: AbortSignal } = {}): Promise<Message[]> {
    if (!this.#open) return [];
    const { search } = await import('./search.ts');
    if (!this.#open) return [];
    return (await search(this.#open.db, { text, chat, signal, most: chat === undefined ? 100 : 1000 })).map((row) => this.#view(row));
  }

  starred = async (): Promise<Message[]> => (await (await import('./search.ts')).starred(this.#need().db)).map((row) => this.#view(row));

  forward = (keys: readonly string[], chats: readonly string[]): Promise<void> => this.#does(chats, (actions) => actions.forward(keys, chats));
  seals = async (): Promise<Seals> => new (await import('./seals.ts')).Seals(this.ask);
  clearChat = (jid: string): Promise<void> => this.#does([jid], (actions) => actions.clear(jid));
  deleteChat = (jid: string): Promise<void> => this.#does([jid], (actions) => actions.delete(jid));
  unsent = (): Promise<number> => this.#need().actions.unsent();
  stranger = async (jid: string): Promise<Stranger> => (await import('./stranger.ts')).strangerOf(this.#need().db, this.#need().identity.account, jid);

  async #start(identity: Identity): Promise<void> {
    this.#stop();
    const db = await openDatabase(identity.account, () => location.reload());
    this.#clock = ((await db.get('meta', 'clock')) as number | undefined) ?? 0;
    const open: Open = {
      db,
      identity,
      url: () => this.#options.url(identity.account.slice(identity.account.indexOf('@') + 1)),
      engine: undefined,
      media: new Media({ db, transfer: this.#options.transfer, pass: async (fresh) => String(await this.ask('media-pass', fresh)), changed: (keys) => this.#review(keys) }),
      actions: new Actions(db, identity.account, () => Date.now() + this.#clock),
      tabs: new Tabs({
        account: identity.account,
        ...(this.#options.locks ? { locks: this.#options.locks } : {}),
        lead: () => void this.#lead(open),
        notice: (notice) => this.#notice(notice),
        serve: (method, args) => open.engine?.serve(method, args) ?? Promise.reject(new Error('No tab leads.')),
      }),
    };
    this.#open = open;
    // A database without a cursor is new, or the browser has thrown the old one away: no account without chats.
    this.#catchingUp = (await db.get('meta', `cursor:${identity.account}`)) === undefined ? 'fresh' : null;
    document.addEventListener('visibilitychange', this.#looks);
    await this.#loadAll();
  }

  async #lead(open: Open): Promise<void> {
    const wanted = (): boolean => this.#open === open;
    const parts = await loaded(() => Promise.all([this.#identity(open), open.url(), import('./engine.ts')]), wanted);
    if (!parts || !wanted()) return;
    const [identity, url, { Engine }] = parts;
    open.engine = new Engine({
      ...this.#options,
      db: open.db,
      identity,
      url,
      tell: (notice) => this.#tell(open, notice),
      token: (token) => void change(identity.account, (session) => withToken(session, token)),
      refused: () => void this.#leave(),
    });
    void open.engine.start();
    // The other tabs say whether they are looked at.
    this.#tell(open, { kind: 'hello' });
  }

  #tellLook(): void {
    if (this.#open) this.#tell(this.#open, { kind: 'looked-at', tab: this.#tab, on: document.visibilityState === 'visible' });
  }

  // The token may have been renewed by the tab that led before.
  async #identity(open: Open): Promise<Identity> {
    const session = await kept();
    return session?.account === open.identity.account ? { ...open.identity, ...identityOf(session) } : open.identity;
  }

  #stop(): void {
    const open = this.#open;
    if (open) open.tabs.tell({ kind: 'looked-at', tab: this.#tab, on: false });
    this.#open = undefined;
    document.removeEventListener('visibilitychange', this.#looks);
    open?.engine?.stop();
    open?.tabs.close();
    open?.media.close();
    open?.db.close();
    this.#moment.clear();
    this.groups.clear();
    this.people.clear();
    this.#rows.clear();
    this.#last.clear();
    this.#conversations.clear();
    this.#me = null;
    this.#chats = [];
    this.#catchingUp = null;
    this.#connection = 'offline';
  }

  #tell(open: Open, notice: Notice): void {
    if (this.#open !== open) return;
    open.tabs.tell(notice);
    this.#notice(notice);
  }

  #notice(notice: Notice): void {
    switch (notice.kind) {
      case 'changed':
        void this.#changed(notice.chats);
        break;
      case 'outbox':
        this.#open?.engine?.flush();
        break;
      case 'connection':
        this.#connection = notice.state;
        this.#offlineSince = notice.since;
        if (notice.state === 'online') this.#online.release();
        break;
      case 'typing':
        this.#moment.types(notice.chat, notice.names);
        break;
      case 'presence':
        this.#moment.isThere(notice.jid, notice.online);
        this.people.touch();
        break;
      case 'last-seen':
        this.#moment.wasThere(notice.jid, notice.at);
        break;
      case 'room':
        void this.groups.load(notice.jid).then(() => this.#changed([notice.jid]), () => undefined);
        break;
      case 'people':
        void this.#loadPeople().catch(() => undefined);
        break;
      case 'arrived':
        void this.#arrived(notice.key);
        break;
      case 'progress':
        this.#open?.media.progress(notice.key, notice.part);
        break;
      case 'signed-out':
        this.#stop();
        break;
      case 'looked-at':
        this.#open?.engine?.lookedAt(notice.tab, notice.on);
        break;
      case 'catching-up':
        this.#catchingUp = notice.on ? (this.#catchingUp ?? 'behind') : null;
        break;
      case 'clock':
        this.#clock = notice.offset;
        break;
      case 'hello':
        this.#open?.engine?.tellState();
        this.#tellLook();
        break;
    }
  }

  async #arrived(key: string): Promise<void> {
    const row = await this.#open?.db.get('messages', key);
    if (row && this.#rows.has(row.chat)) this.onArrived(this.#view(row), this.#chat(row.chat));
  }

  async #loadAll(): Promise<void> {
    const { db } = this.#need();
    await this.#loadPeople();
    for (const room of await db.getAllKeys('rooms')) await this.groups.load(room);
    await this.#changed(await db.getAllKeys('chats'));
  }

  async #loadPeople(): Promise<void> {
    await this.people.load();
    this.#me = this.people.me();
  }

  /** One after the other, so that an older look never comes last. */
  #changed(chats: readonly string[]): Promise<void> {
    this.#loading = this.#loading.then(() => this.#load(chats)).catch(() => undefined);
    return this.#loading;
  }

  async #load(chats: readonly string[]): Promise<void> {
    const open = this.#open;
    if (!open) return;
    for (const jid of chats) {
      const row = await open.db.get('chats', jid);
      if (!row) continue;
      const last = row.lastKey ? await open.db.get('messages', row.lastKey) : row.preview;
      await this.#moment.loadAvatar(open.db, jid);
      this.#rows.set(jid, row);
      if (last) this.#last.set(jid, this.#view(last));
      else this.#last.delete(jid);
    }
    this.#publish();
    for (const { jid, conversation } of this.#conversations) if (chats.includes(jid)) void conversation.refresh().catch(() => undefined);
  }

  #publish(): void {
    const chats = [...this.#rows.values()].filter((row) => !row.deleted && (row.autojoin !== false || row.lastKey || row.request));
    chats.sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.lastAt - a.lastAt);
    this.#chats = chats.map((row) => this.#chat(row.jid));
  }

  #chat(jid: string): Chat {
    const row = this.#rows.get(jid);
    return viewChat(row ?? emptyChat(jid, 'direct', jid), this.#last.get(jid), this.#moment.of(jid), this.groups.row(jid));
  }

  #view(row: MessageRow): Message {
    return viewMessage(row, this.#open?.identity.account ?? '', this.groups.row(row.chat), (jid, nick) => this.people.person(jid, nick).name);
  }

  #review(keys: ReadonlySet<string>): void {
    for (const { conversation } of this.#conversations) conversation.review(keys);
  }

  #need(): Open {
    if (!this.#open) throw new Error('Nobody is signed in.');
    return this.#open;
  }

  ask = async (method: string, ...args: unknown[]): Promise<unknown> => this.#need().tabs.ask(method, ...args);

  #set(jid: string, change: Parameters<Actions['set']>[1]): void {
    this.#act(jid, (actions) => actions.set(jid, change), 'share');
  }

  /** Does it in the database, shows it, and has it sent. What goes wrong is said; nothing was changed then. */
  #act(jid: string, action: (actions: Actions) => Promise<unknown>, then?: string): void {
    void this.#does([jid], action).then(
      () => then && this.ask(then).catch(() => undefined),
      (error: unknown) => this.onTrouble(error),
    );
  }

  async #does(chats: readonly string[], action: (actions: Actions) => Promise<unknown>): Promise<void> {
    const open = this.#need();
    await action(open.actions);
    if (this.#open !== open) return;
    this.#tell(open, { kind: 'outbox' });
    open.tabs.tell({ kind: 'changed', chats: [...chats] });
    await this.#changed(chats);
  }
}
