import { local } from '../xmpp/jid.ts';
import type { Context } from './context.ts';
import { kept } from './session.ts';

const KEY = 'nicknames';
/** Names one has gone by before. */
const MOST = 20;
const LONGEST = 60;

/**
 * What one is called in rooms: by the name that contacts see, else by the user name. A nickname that was neither of these was
 * chosen in another app, for that room, and stays.
 */
export class Nickname {
  readonly #context: Context;
  #wanted: string;
  #own: readonly string[];

  constructor(context: Context) {
    this.#context = context;
    this.#wanted = local(context.account);
    this.#own = [this.#wanted];
  }

  /** Reads the name again, which may not have reached the server yet. */
  async learn(): Promise<void> {
    const { db, account } = this.#context;
    const session = await kept();
    const name = (session?.account === account ? session.unsentName : undefined) ?? ((await db.get('meta', 'name')) as string | undefined) ?? '';
    this.#wanted = nicknameOf(name) || local(account);
    const before = ((await db.get('meta', KEY)) as string[] | undefined) ?? [];
    if (!before.includes(this.#wanted)) await db.put('meta', [...before, this.#wanted].slice(-MOST), KEY);
    this.#own = [local(account), ...before, this.#wanted];
  }

  /** @param nick What one goes by in a room already, or is to. */
  in(nick: string | undefined): string {
    const name = nick === undefined ? undefined : plain(nick);
    return nick === undefined || (name !== this.#wanted && this.#own.includes(name ?? '')) ? this.#wanted : nick;
  }

  /** Another one, where the room does not take it: because somebody else has it (XEP-0045 §7.2.8), or because it is none. */
  instead(nick: string, condition: string, tried: number): string | undefined {
    if (condition === 'conflict') return `${plain(nick)} ${tried + 2}`;
    const own = local(this.#context.account);
    return ['jid-malformed', 'not-acceptable'].includes(condition) && nick !== own ? own : undefined;
  }
}

const plain = (nick: string): string => nick.replace(/ \d$/u, '');

const nicknameOf = (name: string): string => [...name.replace(/[\s\p{Cc}]+/gu, ' ').trim()].slice(0, LONGEST).join('').trim();
