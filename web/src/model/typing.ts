import { attribute, message } from '../xmpp/dom.ts';
import { chatState, readChatState } from '../xmpp/chatstates.ts';
import { noStore } from '../xmpp/hints.ts';
import { bare, resource } from '../xmpp/jid.ts';
import type { Context } from './context.ts';
import type { Rooms } from './rooms.ts';

/** Who types, here and there. */
export class Typing {
  readonly #context: Context;
  readonly #rooms: Rooms;

  constructor(context: Context, rooms: Rooms) {
    this.#context = context;
    this.#rooms = rooms;
  }

  heard(stanza: Element): void {
    const state = readChatState(stanza);
    const from = attribute(stanza, 'from') ?? '';
    if (!state || bare(from) === this.#context.account) return;
    const chat = bare(from);
    const name = this.#rooms.has(chat) ? resource(from) : chat;
    if (this.#rooms.self(chat).nick === name) return;
    this.#context.tell({ kind: 'typing', chat, names: state === 'composing' ? [name] : [] });
  }

  say(chat: string, on: boolean): void {
    if (!this.#context.link.online) return;
    const type = this.#rooms.has(chat) ? 'groupchat' : 'chat';
    this.#context.link.send(message({ to: chat, type }, chatState(on ? 'composing' : 'paused'), noStore()));
  }
}
