import { attribute, child, el, iq } from './dom.ts';
import { LinkError, StanzaError } from './errors.ts';
import { bare } from './jid.ts';
import { logIn, type Identity, type LoggedIn } from './login.ts';
import { NS } from './ns.ts';
import { StreamManagement } from './sm.ts';
import type { Wire, WireEvents } from './wire.ts';

export interface LinkEvents {
  /** A message, a presence, or a push by iq; counted as handled when the promise has settled, in order. */
  stanza(stanza: Element): Promise<void> | void;
  /** The session has lost its connection, or never got one back. */
  closed(reason: LinkError): void;
  /** What to keep for the next login; undefined: the kept one is of no use any more. */
  token(token: Identity['token']): void;
}

export interface LinkOptions {
  identity: Identity;
  url: string;
  wire: (events: WireEvents) => Wire;
  /** What this client says it can do (XEP-0030). */
  features: readonly string[];
  events: LinkEvents;
  /** Milliseconds from connecting to a session. */
  loginTimeout?: number;
}

interface Pending {
  resolve(stanza: Element): void;
  reject(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
  to: string | undefined;
}

const COUNTED = new Set(['message', 'presence', 'iq']);

/**
 * One device's session with its server, over as many connections as it takes. Owned by one tab. It never throws into the
 * wire, and nothing here waits for the database but the count of what was handled.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #sm = new StreamManagement();
  readonly #pending = new Map<string, Pending>();
  readonly #results = new Map<string, (message: Element) => void>();
  #wire: Wire | undefined;
  #login: LoginQueue | undefined;
  #online = false;
  #handling: Promise<void> = Promise.resolve();
  #generation = 0;
  #outstanding = 0;
  /** Stanzas that came before the server's question and are not handled yet. */
  #owed = 0;
  #asked = false;
  #heard: (() => void) | undefined;
  #ids = 0;
  #probe: Promise<boolean> | undefined;
  address = '';
  carbons = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  get account(): string {
    return this.#options.identity.account;
  }

  get online(): boolean {
    return this.#online;
  }

  /**
   * Makes one attempt.
   * @returns whether the stream of before goes on (`resumed`) or a new one begins (`bound`).
   * @throws LinkError
   */
  async connect(): Promise<'resumed' | 'bound'> {
    this.#wire?.drop();
    this.#beginCounting();
    const login = new LoginQueue();
    let ended = false;
    const wire = this.#options.wire({
      element: (element) => {
        if (this.#wire !== wire) return;
        this.#heard?.();
        if (login.open) login.push(element);
        else this.#received(element);
      },
      ended: (condition) => {
        ended = true;
        login.fail(new LinkError(condition === 'conflict' ? 'conflict' : this.#online ? 'ended' : 'unreachable', condition));
        if (this.#wire === wire) this.#closed(new LinkError(condition === 'conflict' ? 'conflict' : 'ended', condition));
      },
    });
    this.#wire = wire;
    this.#login = login;
    const timer = setTimeout(() => {
      login.fail(new LinkError('timeout'));
      wire.drop();
    }, this.#options.loginTimeout ?? 20_000);
    try {
      wire.open(this.#options.url, this.account.slice(this.account.indexOf('@') + 1));
      const stream = { send: (element: Element) => wire.send(element), next: () => login.next(), restart: () => wire.restart() };
      const features = await login.next();
      const session = await logIn(stream, features, this.#options.identity, this.#sm);
      if (ended) throw new LinkError('ended');
      return this.#adopt(session, login);
    } catch (error) {
      login.fail(new LinkError('ended'));
      wire.drop();
      throw error instanceof LinkError ? error : new LinkError('protocol', String(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends a stanza; while there is no connection it waits for the stream to be resumed, and is forgotten when it is not: what
   * must not be lost stands in an outbox.
   * @param acknowledged The server has taken it over (XEP-0198 §4).
   */
  send(stanza: Element, acknowledged?: () => void): void {
    this.#sm.sent(stanza, acknowledged);
    if (!this.#online) return;
    this.#wire?.send(stanza);
    if (acknowledged) this.#askSoon();
  }

  /**
   * Asks and waits for the answer.
   * @throws StanzaError when the answer is an error, LinkError when none comes.
   */
  request(request: Element, { timeout = 30_000, id = this.nextId() } = {}): Promise<Element> {
    if (!this.#online) return Promise.reject(new LinkError('ended'));
    request.setAttribute('id', id);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(new LinkError('timeout')), timeout);
      this.#pending.set(id, { resolve, reject, timer, to: attribute(request, 'to') });
      this.send(request);
    });
  }

  /** Archive results with that query id go to `result` (XEP-0313) until it is taken away by calling what is returned. */
  collect(queryId: string, result: (message: Element) => void): () => void {
    this.#results.set(queryId, result);
    return () => this.#results.delete(queryId);
  }

  nextId(): string {
    return `${(++this.#ids).toString(36)}-${crypto.randomUUID().slice(0, 8)}`;
  }

  /** Whether the other end still answers; where it does not within the time (ms), the connection is dropped. */
  probe(timeout = 3000): Promise<boolean> {
    const wire = this.#wire;
    if (!this.#online || !wire) return Promise.resolve(false);
    this.#probe ??= new Promise<boolean>((resolve) => {
      const finish = (alive: boolean): void => {
        clearTimeout(timer);
        this.#probe = this.#heard = undefined;
        if (!alive && this.#wire === wire) wire.drop();
        resolve(alive);
      };
      const timer = setTimeout(() => finish(false), timeout);
      this.#heard = () => finish(true);
      if (this.#sm.enabled) wire.send(StreamManagement.request());
      else wire.send(iq('get', { id: this.nextId() }, el('ping', NS.ping)));
    });
    return this.#probe;
  }

  /** Whether somebody looks at it (XEP-0352). */
  setActive(active: boolean): void {
    if (this.#online) this.#wire?.send(el(active ? 'active' : 'inactive', NS.csi));
  }

  /** Ends the session for good; it cannot be resumed. */
  close(): void {
    const wire = this.#wire;
    if (this.#online && this.#sm.enabled) wire?.send(this.#sm.answer());
    this.#wire = undefined;
    this.#online = false;
    this.#forgetSession(new LinkError('ended'));
    wire?.close();
    this.#login?.fail(new LinkError('ended'));
  }

  #adopt(session: LoggedIn, login: LoginQueue): 'resumed' | 'bound' {
    if (session.token || session.tokenRefused) {
      this.#options.identity.token = session.token;
      this.#options.events.token(session.token);
    }
    let again: Element[] = [];
    if (session.resumed) {
      again = this.#sm.resumed(session.resumed);
    } else {
      if (session.failed) this.#sm.acknowledge(session.failed);
      this.#forgetSession(new LinkError('ended'));
      this.#sm.enable(session.enabled);
      this.address = session.address ?? '';
      this.carbons = session.carbons;
    }
    this.#online = true;
    for (const stanza of again) this.#wire?.send(stanza);
    if (again.length > 0) this.#askSoon();
    // What came in the same turn as the end of the login.
    for (const element of login.finish()) this.#received(element);
    return session.resumed ? 'resumed' : 'bound';
  }

  #received(element: Element): void {
    if (element.namespaceURI === NS.sm) this.#managed(element);
    else if (element.namespaceURI === NS.client && COUNTED.has(element.localName)) this.#stanza(element);
    // Everything else, such as features after a login, needs no answer.
  }

  #managed(element: Element): void {
    if (element.localName === 'a') this.#sm.acknowledge(element);
    else if (element.localName === 'r') {
      this.#wire?.send(this.#sm.answer());
      this.#owed = this.#outstanding;
    }
  }

  #stanza(stanza: Element): void {
    let work: Promise<void> | void = undefined;
    try {
      work = this.#take(stanza);
    } catch {
      // A handler that fails has said so where it failed; the stream goes on (the stanza is in the archive).
    }
    const generation = this.#generation;
    this.#outstanding++;
    this.#handling = Promise.allSettled([this.#handling, work]).then(() => {
      if (generation !== this.#generation) return;
      this.#sm.handledOne();
      this.#outstanding--;
      if (this.#owed > 0 && --this.#owed === 0 && this.#online) this.#wire?.send(this.#sm.answer());
    });
  }

  #take(stanza: Element): Promise<void> | void {
    if (stanza.localName === 'iq') return this.#iq(stanza);
    const result = child(stanza, 'result', NS.mam);
    const collector = this.#results.get(attribute(result, 'queryid') ?? '');
    if (collector) return collector(stanza);
    return this.#options.events.stanza(stanza);
  }

  #iq(stanza: Element): Promise<void> | void {
    const type = attribute(stanza, 'type');
    const from = attribute(stanza, 'from');
    const id = attribute(stanza, 'id');
    if (type === 'result' || type === 'error') {
      // RFC 6120 §8.1.2.1: an answer without `from` is from the own account.
      const asked = this.#pending.get(id ?? '');
      if (!asked || !this.#same(asked.to, from)) return;
      const pending = this.#settle(id ?? '');
      if (type === 'result') pending?.resolve(stanza);
      else pending?.reject(StanzaError.of(stanza));
      return;
    }
    const payload = stanza.firstElementChild;
    const reply = { to: from, id };
    const own = this.#same(undefined, from);
    if (type === 'get' && payload?.namespaceURI === NS.ping) this.send(iq('result', reply));
    else if (type === 'get' && payload?.namespaceURI === NS.disco) this.send(iq('result', reply, this.#disco(payload)));
    else if (type === 'set' && own && (payload?.namespaceURI === NS.roster || payload?.namespaceURI === NS.blocking)) {
      this.send(iq('result', reply));
      return this.#options.events.stanza(stanza);
    } else {
      const error = el('error', NS.client, { type: 'cancel' }, el('service-unavailable', NS.stanzaErrors));
      this.send(iq('error', reply, error));
    }
  }

  #disco(query: Element): Element {
    const identity = el('identity', NS.disco, { category: 'client', type: 'web', name: 'Nyala' });
    const features = this.#options.features.map((feature) => el('feature', NS.disco, { var: feature }));
    return el('query', NS.disco, { node: attribute(query, 'node') }, identity, ...features);
  }

  #same(asked: string | undefined, answered: string | undefined): boolean {
    if (asked !== undefined && asked === answered) return true;
    const own = (address: string | undefined): boolean =>
      address === undefined || address === this.address || (bare(address) === this.account && !address.includes('/'));
    return own(asked) && own(answered);
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending) clearTimeout(pending.timer);
    this.#pending.delete(id);
    return pending;
  }

  // One request for all that is sent in a turn.
  #askSoon(): void {
    if (this.#asked || !this.#sm.enabled) return;
    this.#asked = true;
    queueMicrotask(() => {
      this.#asked = false;
      if (this.#online) this.#wire?.send(StreamManagement.request());
    });
  }

  #closed(reason: LinkError): void {
    const was = this.#online;
    this.#online = false;
    this.#wire = undefined;
    this.#heard = undefined;
    if (this.#sm.id === undefined) this.#forgetSession(reason);
    if (was) this.#options.events.closed(reason);
  }

  // What is half handled when a connection ends is not in the count by which the next one resumes: it comes again, and counts then.
  #beginCounting(): void {
    this.#generation++;
    this.#outstanding = 0;
    this.#owed = 0;
  }

  #forgetSession(reason: LinkError): void {
    this.#sm.forget();
    this.#beginCounting();
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(reason);
  }
}

/** Elements while logging in. */
class LoginQueue {
  readonly #elements: Element[] = [];
  #waiter: { resolve(element: Element): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  open = true;

  push(element: Element): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) waiter.resolve(element);
    else this.#elements.push(element);
  }

  next(): Promise<Element> {
    const element = this.#elements.shift();
    if (element) return Promise.resolve(element);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }));
  }

  fail(error: Error): void {
    this.#failure ??= error;
    this.#waiter?.reject(error);
    this.#waiter = undefined;
  }

  finish(): Element[] {
    this.open = false;
    return this.#elements.splice(0);
  }
}
