import type { MessageRow } from './db.ts';
import type { Chat, Conversation, FileToSend, Message } from './types.ts';

/** Rows kept at a time, and how far the window moves. */
export const WINDOW = 90;
export const SHIFT = 30;

/** What a conversation needs of the model that made it. */
export interface ConversationSource {
  chat(): Chat;
  view(row: MessageRow): Message;
  /** Rows that are shown, in order; `before`/`after` are orders, exclusive. */
  rows(range: { before?: number; after?: number; from?: number; to?: number }, limit: number, newestFirst: boolean): Promise<MessageRow[]>;
  /** Fetches rows that are older than all here. @returns whether there may be more. */
  fetchOlder(max?: number): Promise<boolean>;
  /** The place of a message that is here, by its key or by what others call it. */
  order(keyOrId: string): Promise<number | undefined>;
  act: {
    send(body: string, replyTo?: string, mentions?: readonly { text: string; jid: string }[]): Promise<void>;
    edit(key: string, body: string): void;
    retract(key: string): void;
    deleteForMe(key: string): void;
    react(key: string, emoji: string): void;
    retry(key: string): void;
    draft(text: string): void;
    typing(on: boolean): void;
    read(key: string): void;
    star(key: string, on: boolean): void;
    attach(files: readonly FileToSend[], caption: string): Promise<void>;
    load(row: MessageRow, at: number): void;
    cancel(key: string): void;
  };
  closed(conversation: LiveConversation): void;
}

/** How far back a message is looked for at the server (decision 21). */
const MOST_PAGES = 50;
const TYPING_EVERY = 10_000;

/** A window over one chat's messages: about 90 of them, wherever one is in the chat. */
export class LiveConversation implements Conversation {
  readonly #source: ConversationSource;
  #rows: MessageRow[] = [];
  #messages = $state.raw<readonly Message[]>([]);
  #atNewest = $state(true);
  #atOldest = $state(false);
  // From the beginning: a window that has not been read yet is not an empty one.
  #loading = $state(true);
  #work: Promise<void> = Promise.resolve();
  /** How much of what `loading` tells is under way. */
  #works = 0;
  #draftTimer: ReturnType<typeof setTimeout> | undefined;
  #draft: string | undefined;
  #typedAt = 0;

  constructor(source: ConversationSource) {
    this.#source = source;
    this.toNewest().catch(() => undefined);
  }

  get chat(): Chat {
    return this.#source.chat();
  }
  get messages(): readonly Message[] {
    return this.#messages;
  }
  get atNewest(): boolean {
    return this.#atNewest;
  }
  get atOldest(): boolean {
    return this.#atOldest;
  }
  get loading(): boolean {
    return this.#loading;
  }

  older(): Promise<void> {
    return this.#loaded(async () => {
      await this.#work;
      const above = (first: MessageRow | undefined): Promise<MessageRow[]> => this.#source.rows(first ? { before: first.order } : {}, SHIFT, true);
      const first = this.#rows[0];
      // A page may hold nothing that is shown (receipts); then the next one counts. What is sent or comes meanwhile is shown: only the
      // window's own movements wait for each other, not for the network.
      let more: boolean | undefined = true;
      while (more && (await above(first)).length < SHIFT) more = await this.#source.fetchOlder().catch(() => undefined);
      await this.#alone(async () => {
        const found = await above(this.#rows[0]);
        // Without a connection nobody knows whether there is more.
        this.#atOldest = more === false && found.length < SHIFT;
        const rows = [...found.reverse(), ...this.#rows];
        if (rows.length > WINDOW) this.#atNewest = false;
        this.#show(rows.slice(0, WINDOW));
      });
    });
  }

  newer(): Promise<void> {
    return this.#alone(async () => {
      const last = this.#rows.at(-1);
      if (this.#atNewest || !last) return;
      const found = await this.#source.rows({ after: last.order }, SHIFT, false);
      this.#atNewest = found.length < SHIFT;
      const rows = [...this.#rows, ...found];
      if (rows.length > WINDOW) this.#atOldest = false;
      this.#show(rows.slice(-WINDOW));
    });
  }

  toNewest(): Promise<void> {
    return this.#alone(async () => {
      const rows = await this.#source.rows({}, WINDOW, true);
      this.#atNewest = true;
      this.#atOldest = false;
      this.#show(rows.reverse());
    });
  }

  reach(keyOrId: string): Promise<boolean> {
    return this.#loaded(async () => {
      let order = await this.#source.order(keyOrId);
      for (let pages = 0; order === undefined && pages < MOST_PAGES; pages++) {
        const more = await this.#source.fetchOlder(100).catch(() => false);
        order = await this.#source.order(keyOrId);
        if (!more) break;
      }
      const at = order;
      if (at === undefined) return false;
      await this.#alone(async () => {
        const before = await this.#source.rows({ before: at }, WINDOW / 2, true);
        const after = await this.#source.rows({ from: at }, WINDOW / 2, false);
        this.#atNewest = after.length < WINDOW / 2;
        this.#atOldest = false;
        this.#show([...before.reverse(), ...after]);
      });
      return true;
    });
  }

  /** Something in the chat is different. */
  refresh(): Promise<void> {
    return this.#alone(async () => {
      const first = this.#rows[0];
      const last = this.#rows.at(-1);
      // A window that is not full takes older ones in as they come.
      if (!first || !last || (this.#atNewest && this.#rows.length < WINDOW)) return this.#show((await this.#source.rows({}, WINDOW, true)).reverse());
      const range = this.#atNewest ? { from: first.order } : { from: first.order, to: last.order };
      // What came while one stood at the end pushes the oldest out only when the window is well over its size.
      const rows = await this.#source.rows(range, Infinity, false);
      if (rows.length > WINDOW + SHIFT) this.#atOldest = false;
      this.#show(rows.length > WINDOW + SHIFT ? rows.slice(-WINDOW) : rows);
    });
  }

  /** These messages look different, without anything in the database being so: files come and go. */
  review(keys: ReadonlySet<string>): void {
    if (!this.#rows.some((row) => keys.has(row.key))) return;
    this.#messages = this.#rows.map((row, at) => (keys.has(row.key) ? this.#source.view(row) : (this.#messages[at] ?? this.#source.view(row))));
  }

  send(body: string, options?: { replyTo?: string; mentions?: readonly { text: string; jid: string }[] }): Promise<void> {
    clearTimeout(this.#draftTimer);
    this.#draft = undefined;
    return this.#source.act.send(body, options?.replyTo, options?.mentions);
  }
  async attach(files: readonly FileToSend[], caption: string): Promise<void> {
    await this.#source.act.attach(files, caption);
  }
  load(key: string, at: number): void {
    const row = this.#rows.find((one) => one.key === key);
    if (row) this.#source.act.load(row, at);
  }
  cancel(key: string): void {
    this.#source.act.cancel(key);
  }
  edit(key: string, body: string): void {
    this.#source.act.edit(key, body);
  }
  retract(key: string): void {
    this.#source.act.retract(key);
  }
  deleteForMe(key: string): void {
    this.#source.act.deleteForMe(key);
  }
  react(key: string, emoji: string): void {
    this.#source.act.react(key, emoji);
  }
  retry(key: string): void {
    this.#source.act.retry(key);
  }
  read(key: string): void {
    this.#source.act.read(key);
  }
  star(key: string, on: boolean): void {
    this.#source.act.star(key, on);
  }

  /** Typing never waits for the disk: the draft is written when it rests, or when the chat is left. */
  setDraft(text: string): void {
    this.#draft = text;
    clearTimeout(this.#draftTimer);
    if (text === '') this.#writeDraft();
    else this.#draftTimer = setTimeout(() => this.#writeDraft(), 400);
  }

  setTyping(on: boolean): void {
    const now = Date.now();
    if (on && now - this.#typedAt < TYPING_EVERY) return;
    if (!on && this.#typedAt === 0) return;
    this.#typedAt = on ? now : 0;
    this.#source.act.typing(on);
  }

  close(): void {
    this.setTyping(false);
    this.#writeDraft();
    this.#source.closed(this);
  }

  #writeDraft(): void {
    clearTimeout(this.#draftTimer);
    if (this.#draft === undefined) return;
    this.#source.act.draft(this.#draft);
    this.#draft = undefined;
  }

  #show(rows: MessageRow[]): void {
    this.#rows = rows;
    this.#messages = rows.map((row) => this.#source.view(row));
  }

  // One movement after the other: each begins where the one before has ended.
  #alone(work: () => Promise<void>): Promise<void> {
    const next = this.#work.then(() => this.#loaded(work));
    this.#work = next.catch(() => undefined);
    return next;
  }

  async #loaded<T>(work: () => Promise<T>): Promise<T> {
    this.#works++;
    this.#loading = true;
    try {
      return await work();
    } finally {
      this.#loading = --this.#works > 0;
    }
  }
}
