import type { Doorway } from '../src/model/doorway';
import type { Chat, ConnectionState, Conversation, FileToSend, Message, MessageState, Model, Stranger } from '../src/model/types';
import { me as self, message } from './build';
import type { SeedChat } from './chats';
import { SeedDoorway } from './doorway';
import { SeedGroups, SeedPeople } from './groups.svelte';
import { faces } from './pictures';
import { folded } from '../src/model/fold';
import { around, newer, newest, older, type Slice } from './slice';

/** Who writes has seen what was said. */
const seen = (message: Message): Message => (message.unread === true ? { ...message, unread: false } : message);
const steps: readonly MessageState[] = ['safe', 'delivered', 'read'];

/** One chat of the seed: a sliced window over messages that live in memory. */
class SeedConversation implements Conversation {
  #all = $state.raw<readonly Message[]>([]);
  #slice = $state.raw<Slice>({ from: 0, to: 0 });
  readonly #model: SeedModel;
  readonly #jid: string;

  constructor(model: SeedModel, jid: string, messages: readonly Message[]) {
    this.#model = model;
    this.#jid = jid;
    this.#all = messages;
    this.#slice = newest(messages.length);
  }

  get chat(): Chat {
    const chat = this.#model.chats.find((each) => each.jid === this.#jid);
    if (chat === undefined) throw new Error(`No chat ${this.#jid}`);
    return chat;
  }
  get all(): readonly Message[] { return this.#all; }
  get messages(): readonly Message[] { return this.#all.slice(this.#slice.from, this.#slice.to); }
  get atNewest(): boolean { return this.#slice.to >= this.#all.length; }
  get atOldest(): boolean { return this.#slice.from === 0; }
  get loading(): boolean { return false; }

  older(): Promise<void> { this.#slice = older(this.#slice); return Promise.resolve(); }
  newer(): Promise<void> { this.#slice = newer(this.#slice, this.#all.length); return Promise.resolve(); }
  toNewest(): Promise<void> { this.#slice = newest(this.#all.length); return Promise.resolve(); }

  reach(keyOrId: string): Promise<boolean> {
    const at = this.#all.findIndex((each) => each.key === keyOrId || each.id === keyOrId);
    if (at >= 0) this.#slice = around(at, this.#all.length);
    return Promise.resolve(at >= 0);
  }

  send(body: string, options: { replyTo?: string } = {}): Promise<void> {
    const quoted = this.#all.find((each) => each.key === options.replyTo);
    this.#add(message(this.#jid, self, 0, body, { ...(quoted === undefined ? {} : { replyTo: { id: quoted.id, senderName: quoted.senderName, body: quoted.body } }) }));
    return Promise.resolve();
  }

  attach(files: readonly FileToSend[], caption: string): Promise<void> {
    for (const [at, file] of files.entries()) {
      const desc = caption !== '' && at === files.length - 1 ? { desc: caption } : {};
      const { blob, ...about } = file;
      this.#add(message(this.#jid, self, 0, '', { attachments: [{ ...about, ...desc, size: blob.size, url: URL.createObjectURL(blob), state: 'uploading', progress: 0.4 }] }));
    }
    if (caption !== '') this.#add(message(this.#jid, self, 0, caption));
    return Promise.resolve();
  }

  load(key: string, at: number): void {
    const attachments = this.#all.find((each) => each.key === key)?.attachments ?? [];
    this.#change(key, { attachments: attachments.map((each, index) => (index === at && each.state === 'remote' ? { ...each, state: 'ready', ...(each.thumbnail === undefined ? {} : { url: each.thumbnail }) } : each)) });
  }

  cancel(key: string): void { this.deleteForMe(key); }

  edit(key: string, body: string): void { this.#change(key, { body, edited: true }); }
  retract(key: string): void { this.#change(key, { retracted: true, body: '', attachments: [], reactions: [] }); }
  deleteForMe(key: string): void { this.#put(this.#all.filter((each) => each.key !== key)); }
  retry(key: string): void { this.#change(key, { state: 'sending' }); this.#travel(key); }
  setDraft(text: string): void { this.#model.change(this.#jid, { draft: text }); }
  setTyping(): void { /* nobody is there to see it */ }
  star(key: string, on: boolean): void { this.#change(key, { starred: on }); }
  close(): void { /* the seed stays in memory */ }

  react(key: string, emoji: string): void {
    const reactions = this.#all.find((each) => each.key === key)?.reactions ?? [];
    const kept = reactions.map((each) => (each.mine ? { ...each, mine: false, from: each.from.filter((name) => name !== self.name) } : each)).filter((each) => each.from.length > 0);
    const again = reactions.some((each) => each.mine && each.emoji === emoji);
    const same = kept.find((each) => each.emoji === emoji);
    const next = again ? kept : same === undefined ? [...kept, { emoji, mine: true, from: [self.name] }] : kept.map((each) => (each === same ? { ...each, mine: true, from: [...each.from, self.name] } : each));
    this.#change(key, { reactions: next });
  }

  read(key: string): void {
    const at = this.#all.findIndex((each) => each.key === key);
    const rest = this.#all.slice(at + 1).filter((each) => each.unread === true).length;
    if (this.#model.holdUnread || at < 0) return;
    this.#all = this.#all.map((each, index) => (index <= at && each.unread === true ? { ...each, unread: false } : each));
    this.#model.change(this.#jid, { unread: rest, markedUnread: false, mentioned: false });
  }

  #add(next: Message): void {
    const sent: Message = { ...next, at: Date.now(), state: 'sending' };
    this.#put([...this.#all.map(seen), sent]);
    this.#model.change(this.#jid, { unread: 0, markedUnread: false, mentioned: false });
    this.#slice = newest(this.#all.length);
    if (this.#model.connection === 'online') this.#travel(sent.key);
  }

  forwarded(original: Message): void { this.#add(message(this.#jid, self, 0, original.body, { forwarded: true, attachments: original.attachments })); }

  #travel(key: string): void {
    steps.forEach((state, at) => { setTimeout(() => { this.#change(key, { state, attachments: (this.#all.find((each) => each.key === key)?.attachments ?? []).map((each) => ({ ...each, state: 'ready' as const })) }); }, 500 * (at + 1)); });
  }

  #change(key: string, change: Partial<Message>): void {
    this.#put(this.#all.map((each) => (each.key === key ? { ...each, ...change } : each)));
  }

  #put(messages: readonly Message[]): void {
    this.#all = messages;
    const last = messages.at(-1);
    if (last !== undefined) this.#model.change(this.#jid, { last });
  }
}

/** The model of the pictures and the screens' tests: everything is in memory, nothing leaves the page. */
export class SeedModel implements Model {
  #chats = $state.raw<readonly Chat[]>([]);
  #connection = $state<ConnectionState>('online');
  #offlineSince = $state<number | null>(null);
  #me = $state.raw<Model['me']>({ ...self, avatar: faces.me });
  readonly #conversations: Record<string, SeedConversation> = {};
  readonly groups: SeedGroups;
  readonly people = new SeedPeople((change) => { if (this.#me) this.#me = { ...this.#me, ...change }; });
  /** Keeps what is unread unread, for pictures of the marker. */
  holdUnread = false;

  constructor(chats: readonly SeedChat[]) {
    this.#chats = chats.map((each) => each.chat);
    this.groups = new SeedGroups(this.#chats, (jid, name, members) => this.#made(jid, name, 'group', members), (jid, change) => { this.change(jid, change); });
    for (const each of chats) this.#conversations[each.chat.jid] = new SeedConversation(this, each.chat.jid, each.messages);
  }

  get me(): Model['me'] { return this.#me; }
  get connection(): ConnectionState { return this.#connection; }
  get offlineSince(): number | null { return this.#offlineSince; }
  get chats(): readonly Chat[] { return this.#chats; }
  get unreadTotal(): number { return this.#chats.filter((chat) => !chat.muted && !chat.archived && chat.request !== true).reduce((sum, chat) => sum + chat.unread, 0); }

  open(jid: string): Conversation {
    const conversation = this.#conversations[jid];
    if (conversation === undefined) throw new Error(`No chat ${jid}`);
    return conversation;
  }

  startChat(jid: string): Promise<Chat> {
    let found = this.#chats.find((each) => each.jid === jid);
    if (found === undefined) found = this.#made(jid, jid.split('@')[0] ?? jid, jid === self.jid ? 'self' : 'direct');
    else this.change(jid, { request: false });
    return Promise.resolve(found);
  }

  #made(jid: string, name: string, kind: Chat['kind'], members?: number): Chat {
    const made: Chat = { jid, kind, name, unread: 0, mentioned: false, markedUnread: false, pinned: false, muted: false, archived: false, draft: '', typing: [], ...(members ? { members } : {}) };
    this.#conversations[jid] = new SeedConversation(this, jid, []);
    this.#chats = [...this.#chats, made];
    return made;
  }

  setPinned(jid: string, on: boolean): void { this.change(jid, { pinned: on }); }
  setMuted(jid: string, on: boolean): void { this.change(jid, { muted: on }); }
  setArchived(jid: string, on: boolean): void { this.change(jid, { archived: on }); }
  markUnread(jid: string): void { this.change(jid, { markedUnread: true }); }

  search(text: string, where: { chat?: string } = {}): Promise<Message[]> {
    const wanted = folded(text);
    const all = this.#every().filter((each) => (where.chat === undefined || each.chat === where.chat) && each.retracted !== true && folded(each.body).includes(wanted));
    return Promise.resolve(all.sort((a, b) => b.at - a.at));
  }
  starred(): Promise<Message[]> { return Promise.resolve(this.#every().filter((each) => each.starred === true).sort((a, b) => b.at - a.at)); }
  #every(): Message[] { return Object.values(this.#conversations).flatMap((each) => each.all); }
  forward(keys: readonly string[], chats: readonly string[]): Promise<void> {
    for (const jid of chats) for (const each of this.#every().filter((one) => keys.includes(one.key))) this.#conversations[jid]?.forwarded(each);
    return Promise.resolve();
  }
  clearChat(jid: string): Promise<void> {
    this.#conversations[jid] = new SeedConversation(this, jid, []);
    this.#chats = this.#chats.map((each) => { if (each.jid !== jid) return each; const cleared = { ...each, unread: 0 }; delete cleared.last; return cleared; });
    return Promise.resolve();
  }
  deleteChat(jid: string): Promise<void> { this.#chats = this.#chats.filter((each) => each.jid !== jid); return Promise.resolve(); }
  stranger(jid: string): Promise<Stranger> {
    const messages = this.#conversations[jid]?.all.length ?? 0;
    return Promise.resolve({ sameServer: jid.endsWith('@nyala.id'), groups: jid.startsWith('sari') ? ['Warga RT 05 Mawar'] : [], messages, more: false, ...(jid.startsWith('ayu') ? { like: 'Ayu Lestari' } : {}) });
  }
  catchingUp: 'fresh' | 'behind' | null = $state(null);
  unsent(): Promise<number> { return Promise.resolve(this.#every().filter((each) => each.mine && each.state === 'sending').length); }
  onTrouble: (error: unknown) => void = () => undefined;

  signIn(_address: string, password: string): Promise<void> {
    if (password === 'salah') return Promise.reject(new Error('not-authorized'));
    this.#me = { ...self, avatar: faces.me };
    return Promise.resolve();
  }
  signOut(): Promise<void> { this.#me = null; return Promise.resolve(); }
  doorway(): Promise<Doorway> { return Promise.resolve(new SeedDoorway(this)); }

  /** What the scenes turn. */
  connect(state: ConnectionState, offlineSince: number | null = null): void {
    this.#connection = state;
    this.#offlineSince = offlineSince;
  }

  change(jid: string, change: Partial<Chat>): void {
    this.#chats = this.#chats.map((each) => (each.jid === jid ? { ...each, ...change } : each));
  }

  /** A message as if it came in or was queued, for scenes. */
  put(jid: string, next: Message): void {
    const conversation = this.#conversations[jid];
    if (conversation !== undefined) this.#conversations[jid] = new SeedConversation(this, jid, [...(next.mine ? conversation.all.map(seen) : conversation.all), next]);
    this.change(jid, { last: next, ...(next.mine ? { unread: 0 } : {}) });
  }
}
