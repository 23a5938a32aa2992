import type { GroupLink, InviteLink, LinkOptions } from './invites.ts';
import { join, resume, type Joining } from './join.ts';
import { change, kept, nameSent, withToken } from './session.ts';
import { invitation, type Invitation, type Wanted } from './start.ts';
import type { Chat, People } from './types.ts';

/** What coming in, and letting others in, needs of the model. */
export interface Household {
  readonly me: { jid: string } | null;
  signIn(address: string, password: string, isKey?: boolean): Promise<void>;
  startChat(jid: string, name?: string): Promise<Chat>;
  joinGroup(room: string, name?: string): Promise<Chat>;
  /** Settles once the server is reached. */
  online(): Promise<void>;
  ask(method: string, ...args: unknown[]): Promise<unknown>;
  readonly people: Pick<People, 'setName'>;
}

/** How people come in and let others in: accounts, their keys, links. */
export class Doorway {
  readonly #house: Household;

  constructor(house: Household) {
    this.#house = house;
  }

  get #account(): string {
    if (!this.#house.me) throw new Error('Nobody is signed in.');
    return this.#house.me.jid;
  }

  get #joining(): Joining {
    return { signIn: (address, password) => this.#house.signIn(address, password, true), setName: (name) => this.setName(name), land: (invitation) => this.#land(invitation) };
  }

  /** Makes an account. @returns the chat to open. @throws RegistrationError, LinkError */
  join(wanted: Wanted): Promise<string> {
    return join(this.#joining, wanted);
  }

  /** Goes on where making one was cut off. @returns the chat to open; undefined: there was nothing. */
  resume(token: string): Promise<string | undefined> {
    return resume(this.#joining, token);
  }

  /** What one is called, to one's contacts too (XEP-0172). The server is told when it is reached. */
  async setName(name: string): Promise<void> {
    await change(this.#account, (session) => ({ ...session, unsentName: name }));
    void this.tellName();
  }

  /** Tells the server the name that it has not been told; what fails is done again the next time. */
  async tellName(): Promise<void> {
    const session = await kept();
    if (session?.account !== this.#house.me?.jid || session?.unsentName === undefined) return;
    await this.#house.online();
    if ((await this.#house.people.setName(session.unsentName)) === undefined) await change(session.account, nameSent);
  }

  /** The key that was made for the account here; undefined where its owner has signed in with a password. */
  async key(): Promise<string | undefined> {
    return (await kept())?.accountKey;
  }

  /** Sets another password, with which all other devices must sign in again. @throws StanzaError, LinkError */
  async changeKey(password: string): Promise<void> {
    const account = this.#account;
    await this.#house.ask('password', password);
    await change(account, (session) => ({ ...withToken(session, undefined), accountKey: password }));
  }

  /** A link for people who are to come here. @throws StanzaError, LinkError */
  async link(options: LinkOptions = {}): Promise<InviteLink> {
    await this.#house.online();
    return (await this.#house.ask('link', options)) as InviteLink;
  }

  /** Makes a link into a group, and keeps it here to be shown again: who has been given one counts on it. @throws StanzaError where one is no admin of it, LinkError */
  async groupLink(room: string, options: Omit<LinkOptions, 'room' | 'greeting'> = {}): Promise<GroupLink> {
    const { uses = 100, hours = 7 * 24, approval = false, replaces = false } = options;
    const link = await this.link({ room, uses, hours, approval, replaces });
    const made = { ...link, uses, approval, until: Date.now() + hours * 3_600_000 };
    await change(this.#account, (session) => ({ ...session, groupLinks: { ...session.groupLinks, [room]: made } }));
    return made;
  }

  /** The link into a group that was made here last; undefined where there is none that is still good. */
  async lastGroupLink(room: string): Promise<GroupLink | undefined> {
    const made = (await kept())?.groupLinks?.[room];
    const looked = made && (await invitation(made.token).catch(() => undefined));
    return looked === 'gone' ? undefined : made;
  }

  /** Takes an invitation up with the account there is. @returns the chat to open; undefined: a group's admins were asked. @throws StanzaError, LinkError */
  async accept(invitation: Invitation): Promise<string | undefined> {
    const { inviter, room, token } = invitation;
    await this.#house.online();
    if (room) {
      if ((await this.#house.ask('redeem', room.jid, token)) !== 'joined') return undefined;
      return (await this.#house.joinGroup(room.jid, room.title)).jid;
    }
    if (!inviter) return undefined;
    await this.#house.ask('add', inviter.jid, token);
    return (await this.#house.startChat(inviter.jid, inviter.name)).jid;
  }

  /** Where an invitation leads: to its group, to whoever invites, else to one's own notes. */
  async #land(invitation: Invitation | undefined): Promise<string> {
    const { room, inviter } = invitation ?? {};
    if (room && !room.needsApproval) {
      await this.#house.online();
      return (await this.#house.joinGroup(room.jid, room.title)).jid;
    }
    const contact = room ? undefined : inviter;
    return (await this.#house.startChat(contact?.jid ?? this.#account, contact?.name)).jid;
  }
}
