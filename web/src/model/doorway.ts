import type { InviteLink, LinkOptions } from './invites.ts';
import { join, resume, type Joining } from './join.ts';
import { change, kept, nameSent, withToken } from './session.ts';
import type { Invitation, Wanted } from './start.ts';
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

  /** A link into a group; earlier ones end unless `replaces` is false. @throws StanzaError where one is no admin of it, LinkError */
  groupLink(room: string, options: Omit<LinkOptions, 'room'> = {}): Promise<InviteLink> {
    return this.link({ uses: 100, hours: 7 * 24, replaces: true, ...options, room });
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
