import { OmemoError, type Address, type Encrypted, type Omemo, type Sealed } from '../omemo/types.ts';
import { child, childText, el, message, parse, serialize } from '../xmpp/dom.ts';
import { store } from '../xmpp/hints.ts';
import { originId } from '../xmpp/ids.ts';
import { NS } from '../xmpp/ns.ts';
import { encrypted, encryptionHint } from '../xmpp/omemo.ts';
import type { Context } from './context.ts';
import { transact, type OutboxRow, type Transaction } from './db.ts';
import type { SealChats } from './sealchats.ts';
import type { Tell } from './sealdevices.ts';
import { commitChanges, inTheClear } from './sealstore.ts';

type Row = OutboxRow & { seq: number };
type Sealing = { xml: string } | 'later' | 'gone';

/** Milliseconds until a chat is prepared again where that has failed. */
const AGAIN = 5000;
const MOST_FAILURES = 3;

/** What clients show that cannot read it. */
const FALLBACK = "I sent you an OMEMO encrypted message but your client doesn't seem to support that.";

/** What stays in the clear: 0.3 encrypts bodies alone, and others must know what a message answers or replaces. */
const CLEAR: readonly (readonly [name: string, ns: string])[] = [
  ['origin-id', NS.sid], ['request', NS.receipts], ['markable', NS.markers], ['reply', NS.reply], ['replace', NS.correct], ['forwarded', NS.forwardedMark],
];

/** A stanza with its text encrypted, and nothing else in it that would say what the text says. */
export function sealStanza(xml: string, sealed: Sealed): string {
  const stanza = parse(xml);
  if (!stanza) throw new Error('no stanza');
  for (const element of [...stanza.children]) if (!staysClear(element)) element.remove();
  stanza.append(encrypted(sealed), encryptionHint(), el('body', NS.client, {}, FALLBACK), store());
  return serialize(stanza);
}

const staysClear = (element: Element): boolean =>
  CLEAR.some(([name, ns]) => element.localName === name && element.namespaceURI === ns) || (element.localName === 'fallback' && element.getAttribute('for') === NS.reply);

/** Encrypts what waits in the outbox. What was encrypted is there before it leaves, so that a cut sends the same again. */
export class SealOut {
  readonly #context: Context;
  readonly #omemo: Omemo;
  readonly #chats: SealChats;
  readonly #tell: Tell;
  readonly #flush: () => void;
  /** Chats that are being prepared. */
  readonly #waiting = new Set<string>();
  /** How often in a row there was no OMEMO to be had in this browser: then what nobody has promised to encrypt is not kept back for it. */
  #failures = 0;

  constructor(context: Context, omemo: Omemo, chats: SealChats, tell: Tell, flush: () => void) {
    this.#context = context;
    this.#omemo = omemo;
    this.#chats = chats;
    this.#tell = tell;
    this.#flush = flush;
  }

  async seal(row: Row): Promise<Sealing> {
    const prepared = await this.#chats.ready(row.chat);
    if (!prepared) {
      if (row.seal === 'may' && this.#failures >= MOST_FAILURES && !(await this.#context.db.get('chats', row.chat))?.sealed) return inTheClear(this.#context.db, row.seq);
      void this.#prepare(row.chat);
      return 'later';
    }
    const chat = await this.#context.db.get('chats', row.chat);
    if (row.seal === 'may' && !chat?.sealed && !prepared.wanted) return inTheClear(this.#context.db, row.seq);
    const text = childText(parse(row.xml), 'body', NS.client) ?? '';
    let outcome = 'later' as Sealing;
    await this.#omemo.encrypt({ devices: prepared.devices, text }, async (result, changes) => {
      outcome = await transact(this.#context.db, 'strict', async (tx) => {
        await this.#tell(tx, await commitChanges(tx, changes));
        return this.#put(tx, row, result);
      });
    });
    // Whoever has published no keys yet may have by the next try.
    if (outcome === 'gone') this.#chats.forget(row.chat);
    this.#context.tell({ kind: 'changed', chats: [row.chat] });
    return outcome;
  }

  /** Looking up devices takes answers of others: it must not hold up the other chats. */
  async #prepare(chat: string): Promise<void> {
    if (this.#waiting.has(chat)) return;
    this.#waiting.add(chat);
    const failure = await this.#chats.prepare(chat).then(() => undefined, (error: unknown) => error);
    this.#waiting.delete(chat);
    this.#failures = failure instanceof OmemoError ? this.#failures + 1 : 0;
    // As a rule the connection has failed, and the next one looks again. What is not ready in spite of it is not asked for without a pause.
    if (failure !== undefined || !(await this.#chats.ready(chat))) await new Promise((resolve) => setTimeout(resolve, AGAIN));
    if (this.#context.link.online) this.#flush();
  }

  async #put(tx: Transaction, row: Row, { sealed, reached, unreached }: Encrypted): Promise<Sealing> {
    const kept = await tx.objectStore('outbox').get(row.seq);
    // Taken back meanwhile; the keys that were used for it are not used again.
    if (!kept) return 'gone';
    const { account } = this.#context;
    const message = row.key ? await tx.objectStore('messages').get(row.key) : undefined;
    if (!reached.some(({ jid }) => jid !== account || row.chat === account)) {
      await tx.objectStore('outbox').delete(row.seq);
      const undecided = unreached.some(({ jid, kind }) => jid !== account && (kind === 'undecided' || kind === 'identity-changed'));
      if (message?.id === row.id) await tx.objectStore('messages').put({ ...message, state: 'failed', error: undecided ? 'error.undecided' : 'error.no-device' });
      return 'gone';
    }
    const made = { ...kept, xml: sealStanza(row.xml, sealed) };
    delete made.seal;
    await tx.objectStore('outbox').put(made);
    if (message) await tx.objectStore('messages').put({ ...message, encrypted: 'omemo' });
    const chat = await tx.objectStore('chats').get(row.chat);
    if (chat) await tx.objectStore('chats').put({ ...chat, sealed: true, unreached: unreached.map(({ jid, device, kind }) => ({ jid, device, kind })) });
    return made;
  }

  /** A message without text to one device: it turns the ratchet, and shows that a session is there. */
  async nudge(address: Address): Promise<void> {
    await this.#omemo.encrypt({ devices: [address] }, async ({ sealed }, changes) => {
      await transact(this.#context.db, 'strict', async (tx) => {
        await this.#tell(tx, await commitChanges(tx, changes));
        if (sealed.keys.length === 0) return;
        const id = crypto.randomUUID();
        const stanza = message({ to: address.jid, type: 'chat', id }, encrypted(sealed), encryptionHint(), originId(id), store());
        await tx.objectStore('outbox').add({ chat: address.jid, room: false, echoed: false, id, xml: serialize(stanza) });
      });
    });
    this.#flush();
  }
}

/** The element that is encrypted in a stanza. */
export const encryptedIn = (xml: string): Element | undefined => child(parse(xml), 'encrypted', NS.omemo);
