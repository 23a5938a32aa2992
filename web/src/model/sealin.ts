import type { Address, Decrypted, Omemo, Outcome, Received } from '../omemo/types.ts';
import { bare, resource } from '../xmpp/jid.ts';
import { readEncrypted } from '../xmpp/omemo.ts';
import { Apply, type Applied, type Source } from './apply.ts';
import { takeIn, type Context } from './context.ts';
import { transact, type Transaction } from './db.ts';
import { isSealed, openedContent, type Cause, type Content, type Incoming } from './incoming.ts';
import type { SealDevices, Tell } from './sealdevices.ts';
import { encryptedIn } from './sealout.ts';
import { commitChanges } from './sealstore.ts';

/** What is to be done after messages were taken in. */
export interface After {
  applied: Applied;
  /** Devices that wait for a sign of ours. */
  answer: Address[];
  /** Devices whose session is broken. */
  heal: Address[];
  republish: boolean;
  /** Whose devices are others now. */
  met: string[];
  /** Chats in which others encrypt. */
  sealed: string[];
}

interface Wanted {
  incoming: Incoming;
  received: Received;
}

/** A message of ours that this device has encrypted, and cannot read itself. */
const OWN = 'own';

/** Opens what is encrypted in a page of messages, and takes all of it in: keys that are used up and what they opened are one transaction. */
export class SealIn {
  readonly #context: Context;
  readonly #omemo: Omemo;
  readonly #devices: SealDevices;
  readonly #tell: Tell;

  constructor(context: Context, omemo: Omemo, devices: SealDevices, tell: Tell) {
    this.#context = context;
    this.#omemo = omemo;
    this.#devices = devices;
    this.#tell = tell;
  }

  async take(messages: readonly Incoming[], source: Source, also?: (tx: Transaction) => Promise<void>): Promise<After> {
    const { db, account } = this.#context;
    const me = await this.#devices.own();
    const since = await this.#devices.since();
    const contents = new Map<Incoming, Content | undefined>();
    const wanted: Wanted[] = [];
    // The archive's order, in which they were encrypted.
    const order = source === 'history' ? [...messages].reverse() : messages;
    for (const incoming of order.filter(isSealed)) {
      const found = await this.#received(incoming, me.device);
      if (found === OWN) contents.set(incoming, { type: 'echo' });
      else if (typeof found === 'string') contents.set(incoming, raw(incoming, found));
      else wanted.push({ incoming, received: found });
    }
    const opened = (): Incoming[] => messages.flatMap((incoming) => (contents.has(incoming) ? withContent(incoming, contents.get(incoming)) : [incoming]));
    if (wanted.length === 0) return { applied: await takeIn(db, account, opened(), source, also), answer: [], heal: [], republish: false, met: [], sealed: [] };

    let applied: Applied | undefined;
    const request = { now: this.#context.reading.now(), messages: wanted.map((each) => each.received), catchingUp: source !== 'live' };
    const result = await this.#omemo.decrypt(request, async ({ outcomes }, changes) => {
      wanted.forEach(({ incoming, received }, at) => contents.set(incoming, contentOf(incoming, received, outcomes[at], since)));
      applied = await transact(db, 'strict', async (tx) => {
        const news = await commitChanges(tx, changes);
        const done = await new Apply(tx, account, source).all(opened());
        await this.#tell(tx, news);
        await also?.(tx);
        return done;
      });
    });
    if (!applied) throw new Error('not committed');
    return { applied, ...(await this.#after(wanted, result, since)) };
  }

  /** What is to be opened, or why it cannot be. */
  async #received(incoming: Incoming, device: number): Promise<Received | Cause | typeof OWN> {
    const sealed = incoming.content.type === 'raw' ? readEncrypted(encryptedIn(incoming.content.xml)) : undefined;
    if (!sealed) return 'damaged';
    if (incoming.mine && sealed.sid === device) return OWN;
    const from = await this.#sender(incoming);
    return from === undefined ? 'unknown-sender' : { ...sealed, from };
  }

  async #sender({ group, mine, real, occupant, chat }: Incoming): Promise<string | undefined> {
    if (mine) return this.#context.account;
    if (!group) return resource(chat) ? undefined : bare(chat);
    if (real) return real;
    return occupant ? (await this.#context.db.get('rooms', chat))?.people[occupant]?.jid : undefined;
  }

  async #after(wanted: readonly Wanted[], { outcomes, republish }: Decrypted, since: number): Promise<Omit<After, 'applied'>> {
    const answer = new Map<string, Address>();
    const heal = new Map<string, Address>();
    const met = new Set<string>();
    const sealed = new Set<string>();
    let known = false;
    for (const [at, { incoming, received }] of wanted.entries()) {
      const outcome = outcomes[at];
      const address = { jid: received.from, device: received.sid };
      const key = `${address.device} ${address.jid}`;
      if (outcome?.ok && outcome.news) met.add(received.from);
      if (outcome?.ok && outcome.text !== undefined && !incoming.mine) sealed.add(incoming.chat);
      // To a stranger, any answer would tell that somebody is here, and so would new prekeys: they are published with the next session.
      if ((await this.#context.db.get('chats', incoming.chat))?.request) continue;
      known = true;
      if (outcome?.ok && outcome.answer) answer.set(key, address);
      const broken = outcome && !outcome.ok && (outcome.kind === 'no-session' || outcome.kind === 'bad-mac' || outcome.kind === 'skipped-too-many');
      if (broken && incoming.at >= since) heal.set(key, address);
    }
    return { answer: [...answer.values()], heal: [...heal.values()], republish: republish && known, met: [...met], sealed: [...sealed] };
  }
}

function withContent(incoming: Incoming, content: Content | undefined): Incoming[] {
  return content ? [{ ...incoming, content }] : [];
}

function raw(incoming: Incoming, cause: Cause): Content | undefined {
  return incoming.content.type === 'raw' ? { ...incoming.content, cause } : undefined;
}

/** @returns undefined for what nobody is to see. */
function contentOf(incoming: Incoming, received: Received, outcome: Outcome | undefined, since: number): Content | undefined {
  if (incoming.content.type !== 'raw' || !outcome) return undefined;
  if (!outcome.ok) return outcome.kind === 'duplicate' ? { type: 'echo' } : received.payload ? raw(incoming, causeOf(outcome.kind, incoming.at < since)) : undefined;
  if (outcome.text === undefined) return undefined;
  return openedContent(incoming.content.xml, outcome.text, { device: outcome.sender.device, trust: outcome.sender.trust }, incoming.group);
}

function causeOf(kind: string, older: boolean): Cause {
  if (older && (kind === 'not-for-this-device' || kind === 'no-session')) return 'before-device';
  if (kind === 'not-for-this-device') return 'not-for-device';
  return kind === 'no-session' ? 'no-session' : 'damaged';
}
