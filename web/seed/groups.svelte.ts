import { i18n } from '../src/i18n/i18n.svelte';
import type { Affiliation, Chat, Contact, Group, GroupMember, Groups, People, Reach, Refusal } from '../src/model/types';
import { me as self } from './build';
import { ayu, budi, citra, dewi, eka, fajar, harto, rtl } from './people';

const cast = [ayu, budi, citra, dewi, eka, fajar, harto, rtl];

/** Groups of the seed: whatever is done to them happens at once. */
export class SeedGroups implements Groups {
  #groups = $state.raw<readonly Group[]>([]);
  readonly #open: (jid: string, name: string, members: number) => Chat;
  readonly #change: (jid: string, change: Partial<Chat>) => void;

  constructor(chats: readonly Chat[], open: (jid: string, name: string, members: number) => Chat, change: (jid: string, change: Partial<Chat>) => void) {
    this.#open = open;
    this.#change = change;
    this.#groups = chats.filter((chat) => chat.kind === 'group').map((chat) => made(chat.jid, chat.members ?? 3));
  }

  get(room: string): Group | null { return this.#groups.find((group) => group.jid === room) ?? null; }

  create(name: string, people: readonly string[]): Promise<Chat> {
    const jid = `${name.toLowerCase().replace(/\W+/gu, '-')}@grup.nyala.id`;
    const members: GroupMember[] = people.flatMap((each) => cast.filter((one) => one.jid === each)).map((each) => ({ ...each, affiliation: 'member', me: false }));
    this.#groups = [...this.#groups, { ...made(jid, 0), members: [{ ...self, affiliation: 'owner', me: true }, ...members] }];
    return Promise.resolve(this.#open(jid, name, members.length + 1));
  }

  again(): void { /* the seed has no server that could refuse */ }
  refresh(): void { /* nor one that knows more */ }
  rule(room: string, people: readonly string[], affiliation: Affiliation): Promise<Refusal> {
    this.#put(room, (group) => {
      const others = group.members.filter((member) => !people.includes(member.jid ?? ''));
      const now: GroupMember[] = affiliation === 'none' || affiliation === 'outcast' ? [] : people.map((jid) => ({ ...(cast.find((one) => one.jid === jid) ?? { jid, name: jid }), affiliation, me: false }));
      return { ...group, members: [...others, ...now] };
    });
    return Promise.resolve(undefined);
  }
  configure(room: string, change: { name?: string; description?: string; adminsOnly?: boolean }): Promise<Refusal> {
    if (change.name !== undefined) this.#change(room, { name: change.name });
    this.#put(room, (group) => ({ ...group, description: change.description ?? group.description, adminsOnly: change.adminsOnly ?? group.adminsOnly }));
    return Promise.resolve(undefined);
  }
  setPicture(room: string, picture: Blob | null): Promise<Refusal> {
    if (picture) this.#change(room, { avatar: URL.createObjectURL(picture) });
    return Promise.resolve(undefined);
  }
  moderate(): Promise<Refusal> { return Promise.resolve(undefined); }
  successor(room: string): GroupMember | null | undefined {
    return this.get(room)?.members.find((member) => !member.me) ?? null;
  }
  leave(room: string): Promise<void> {
    this.#change(room, { gone: 'left' });
    return Promise.resolve();
  }
  reach(): Promise<Reach> {
    const people = this.#groups.find((group) => group.members.length > 100)?.members.filter((member) => !member.me) ?? [];
    return Promise.resolve({ read: people.slice(0, 124), received: people.slice(124, 180), waiting: people.slice(180), all: true });
  }

  #put(room: string, change: (group: Group) => Group): void {
    this.#groups = this.#groups.map((group) => (group.jid === room ? change(group) : group));
  }
}

function made(jid: string, count: number): Group {
  const neighbours = Array.from({ length: Math.max(0, count - cast.length - 1) }, (_, at): GroupMember => ({ jid: `warga${at + 1}@nyala.id`, name: `Warga ${at + 1}`, affiliation: 'member', me: false }));
  const members: GroupMember[] = [{ ...self, affiliation: 'owner', me: true }, ...cast.slice(0, Math.max(0, count - 1)).map((each, at): GroupMember => ({ ...each, affiliation: at === 0 ? 'admin' : 'member', me: false })), ...neighbours];
  return { jid, description: count > 100 ? (i18n.language === 'id' ? 'Info kerja bakti, ronda, iuran, dan barang hilang. Jual beli silakan di grup sebelah.' : 'Tidying the street, night watch, dues, lost and found. For buying and selling there is another group.') : '', membersOnly: true, adminsOnly: false, moderation: true, mine: 'owner', members };
}

/** People of the seed. */
export class SeedPeople implements People {
  #blocked = $state.raw<readonly string[]>([]);
  #names = $state.raw<Readonly<Record<string, string>>>({});
  #lastSeen = $state(false);
  readonly reports = true;
  readonly #me: (change: { name?: string; avatar?: string }) => void;

  constructor(me: (change: { name?: string; avatar?: string }) => void) { this.#me = me; }

  get contacts(): readonly Contact[] { return cast.map((each): Contact => ({ ...each, name: this.#names[each.jid] ?? each.name, subscription: 'both', pending: false, online: each === ayu })); }
  get blocked(): readonly string[] { return this.#blocked; }
  get lastSeen(): boolean { return this.#lastSeen; }
  rename(jid: string, name: string): Promise<Refusal> { this.#names = { ...this.#names, [jid]: name }; return Promise.resolve(undefined); }
  remove(): Promise<Refusal> { return Promise.resolve(undefined); }
  block(jid: string): Promise<Refusal> { this.#blocked = [...this.#blocked, jid]; return Promise.resolve(undefined); }
  unblock(jid: string): Promise<Refusal> { this.#blocked = this.#blocked.filter((each) => each !== jid); return Promise.resolve(undefined); }
  setName(name: string): Promise<Refusal> { this.#me({ name }); return Promise.resolve(undefined); }
  setPicture(picture: Blob | null): Promise<Refusal> { if (picture) this.#me({ avatar: URL.createObjectURL(picture) }); return Promise.resolve(undefined); }
  setLastSeen(on: boolean): Promise<void> { this.#lastSeen = on; return Promise.resolve(); }
  look(): void { /* the seed knows already */ }
}
