import { child, el, iq } from '../xmpp/dom.ts';
import { readForm } from '../xmpp/forms.ts';
import type { Link } from '../xmpp/link.ts';

const COMMANDS = 'http://jabber.org/protocol/commands';

/** Lets us fetch other servers' files through ours: asked for by a command of its own (docs/files.md), one for all files until it is not good any more. */
export class MediaPass {
  readonly #link: Link;
  #pass: string | undefined;

  constructor(link: Link) {
    this.#link = link;
  }

  /** @throws when the server has none to give. */
  async get(fresh: boolean): Promise<string> {
    if (this.#pass && !fresh) return this.#pass;
    const answer = await this.#link.request(iq('set', {}, el('command', COMMANDS, { node: 'urn:nyala:commands:0#media', action: 'execute' })));
    const pass = readForm(child(answer, 'command', COMMANDS))?.get('pass')?.[0];
    if (!pass) throw new Error('The server fetches no files of others.');
    return (this.#pass = pass);
  }
}
