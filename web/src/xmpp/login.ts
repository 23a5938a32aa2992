import { fromBase64, toBase64 } from './base64.ts';
import { attribute, child, children, childText, el, iq } from './dom.ts';
import { LinkError } from './errors.ts';
import { FAST_MECHANISM, initialResponse, proves, type FastToken } from './fast.ts';
import { local } from './jid.ts';
import { NS } from './ns.ts';
import { preparePassword, Scram, SCRAM_HASHES } from './scram.ts';
import { StreamManagement } from './sm.ts';

/** What a device logs in with. */
export interface Identity {
  /** The account's bare address. */
  account: string;
  /** A UUID of this installation (XEP-0388 user-agent); tokens and the resource belong to it. */
  deviceId: string;
  /** What other people's clients may see of it. */
  software: string;
  password?: string | undefined;
  token?: FastToken | undefined;
  /** The last login: the token is of no use afterwards (XEP-0484). */
  leaving?: boolean;
}

/** The stream while logging in. */
export interface LoginStream {
  send(element: Element): void;
  /** The next element. Fails when the stream ends. */
  next(): Promise<Element>;
  restart(): void;
}

export interface LoggedIn {
  /** The full address; that of before when the stream was resumed. */
  address: string | undefined;
  /** `<resumed/>`, where the stream goes on. */
  resumed?: Element;
  /** `<failed/>` with the count of the old stream, where it does not. */
  failed?: Element | undefined;
  /** `<enabled/>` of the new stream. */
  enabled?: Element | undefined;
  /** Carbons are on already. */
  carbons: boolean;
  /** A new token; undefined: the old one stays. */
  token?: FastToken | undefined;
  /** The last login: the token is of no use afterwards (XEP-0484). */
  leaving?: boolean;
  /** The token was refused and must be forgotten. */
  tokenRefused: boolean;
}

/** From a stream's features to a session: SASL2 with everything inline (XEP-0388, 0386, 0484, 0198), else SASL as in RFC 6120 §6. */
export async function logIn(stream: LoginStream, features: Element, who: Identity, sm: StreamManagement): Promise<LoggedIn> {
  const offer = child(features, 'authentication', NS.sasl2);
  return offer ? new Sasl2(stream, offer, who, sm).run() : classic(stream, features, who, sm);
}

class Sasl2 {
  readonly #stream: LoginStream;
  readonly #mechanisms: string[];
  readonly #inline: Element | undefined;
  readonly #who: Identity;
  readonly #sm: StreamManagement;
  readonly #fast: boolean;
  #carbons = false;

  constructor(stream: LoginStream, offer: Element, who: Identity, sm: StreamManagement) {
    this.#stream = stream;
    this.#who = who;
    this.#sm = sm;
    this.#mechanisms = children(offer, 'mechanism', NS.sasl2).map((mechanism) => mechanism.textContent);
    this.#inline = child(offer, 'inline', NS.sasl2);
    const fast = child(this.#inline, 'fast', NS.fast);
    this.#fast = children(fast, 'mechanism', NS.fast).some((mechanism) => mechanism.textContent === FAST_MECHANISM);
  }

  async run(): Promise<LoggedIn> {
    const token = this.#who.token;
    if (!token || !this.#fast || token.mechanism !== FAST_MECHANISM) return this.#withPassword(false);
    const first = await initialResponse(local(this.#who.account), token.token);
    this.#authenticate(FAST_MECHANISM, first, el('fast', NS.fast, { invalidate: this.#who.leaving ? 'true' : undefined }));
    const answer = await this.#stream.next();
    if (answer.localName === 'success') {
      const proof = fromBase64(childText(answer, 'additional-data', NS.sasl2) ?? '');
      if (!proof || !(await proves(proof, token.token))) throw new LinkError('protocol', 'the server does not know the token');
      return this.#session(answer, false);
    }
    const condition = failure(answer);
    // A token may be withdrawn at any time; the password still counts, on the same stream (XEP-0388 §2.6).
    if (condition !== 'not-authorized' && condition !== 'credentials-expired') throw refusal(condition);
    return this.#withPassword(true);
  }

  async #withPassword(tokenRefused: boolean): Promise<LoggedIn> {
    const { scram, mechanism } = passwordLogin(this.#who, this.#mechanisms);
    this.#authenticate(mechanism, encode(scram.first()), this.#fast ? el('request-token', NS.fast, { mechanism: FAST_MECHANISM }) : undefined);
    const success = await converse(this.#stream, scram, NS.sasl2);
    return this.#session(success, tokenRefused);
  }

  #authenticate(mechanism: string, first: Uint8Array, fast: Element | undefined): void {
    const agent = el('user-agent', NS.sasl2, { id: this.#who.deviceId }, el('software', NS.sasl2, {}, this.#who.software));
    const resume = this.#sm.id !== undefined && child(this.#inline, 'sm', NS.sm) ? this.#sm.resuming() : undefined;
    this.#stream.send(
      el('authenticate', NS.sasl2, { mechanism }, el('initial-response', NS.sasl2, {}, toBase64(first)), agent, resume, this.#bind(), fast),
    );
  }

  #bind(): Element | undefined {
    const offer = child(this.#inline, 'bind', NS.bind2);
    if (!offer) return undefined;
    const features = children(child(offer, 'inline', NS.bind2), 'feature', NS.bind2).map((feature) => attribute(feature, 'var'));
    this.#carbons = features.includes(NS.carbons);
    return el(
      'bind',
      NS.bind2,
      {},
      el('tag', NS.bind2, {}, this.#who.software),
      features.includes(NS.sm) ? StreamManagement.enabling() : undefined,
      this.#carbons ? el('enable', NS.carbons) : undefined,
    );
  }

  /** What came with the success, else the older way on the same stream. */
  async #session(success: Element, tokenRefused: boolean): Promise<LoggedIn> {
    const issued = attribute(child(success, 'token', NS.fast), 'token');
    const token = issued ? { mechanism: FAST_MECHANISM, token: issued } : undefined;
    const resumed = child(success, 'resumed', NS.sm);
    // §8.2 of XEP-0198: a resumed stream goes on as it was, and no features follow.
    if (resumed) return { address: undefined, resumed, carbons: false, token, tokenRefused };
    const failed = child(success, 'failed', NS.sm);
    const bound = child(success, 'bound', NS.bind2);
    if (!bound) return { ...(await bind(this.#stream, await nextFeatures(this.#stream), this.#sm, !failed)), token, tokenRefused };
    const address = childText(success, 'authorization-identifier', NS.sasl2);
    if (!address) throw new LinkError('protocol', 'no address was bound');
    return { address, failed, enabled: child(bound, 'enabled', NS.sm), carbons: this.#carbons, token, tokenRefused };
  }
}

async function classic(stream: LoginStream, features: Element, who: Identity, sm: StreamManagement): Promise<LoggedIn> {
  const offered = children(child(features, 'mechanisms', NS.sasl), 'mechanism', NS.sasl).map((mechanism) => mechanism.textContent);
  const { scram, mechanism } = passwordLogin(who, offered);
  stream.send(el('auth', NS.sasl, { mechanism }, toBase64(encode(scram.first()))));
  await converse(stream, scram, NS.sasl);
  stream.restart();
  return { ...(await bind(stream, await nextFeatures(stream), sm, true)), tokenRefused: false };
}

function passwordLogin(who: Identity, offered: string[]): { scram: Scram; mechanism: string } {
  const password = preparePassword(who.password ?? '');
  if (!password) throw new LinkError('refused', 'no password');
  // Never PLAIN: a server that offers nothing better must not learn the password.
  const mechanism = Object.keys(SCRAM_HASHES).find((name) => offered.includes(name));
  if (!mechanism) throw new LinkError('protocol', 'no common mechanism');
  return { scram: new Scram(mechanism, local(who.account), password), mechanism };
}

/** Answers challenges until the success, which must prove that the server knows the keys. */
async function converse(stream: LoginStream, scram: Scram, ns: string): Promise<Element> {
  for (;;) {
    const answer = await stream.next();
    if (answer.namespaceURI !== ns) throw new LinkError('protocol', answer.localName);
    if (answer.localName === 'challenge') {
      const reply = await scram.respond(decode(answer.textContent));
      if (reply === undefined) throw new LinkError('protocol', 'a challenge that must not be answered');
      stream.send(el('response', ns, {}, toBase64(encode(reply))));
    } else if (answer.localName === 'success') {
      const proof = ns === NS.sasl ? answer.textContent : childText(answer, 'additional-data', ns);
      if (!scram.verifies(decode(proof ?? ''))) throw new LinkError('protocol', 'the server does not know the keys');
      return answer;
    } else {
      throw refusal(failure(answer));
    }
  }
}

/** Resumes with an element of its own, else binds (RFC 6120 §7) and enables stream management. */
async function bind(stream: LoginStream, features: Element, sm: StreamManagement, mayResume: boolean): Promise<Omit<LoggedIn, 'tokenRefused'>> {
  let failed: Element | undefined;
  if (mayResume && sm.id !== undefined) {
    stream.send(sm.resuming());
    const answer = await stream.next();
    if (answer.localName === 'resumed') return { address: undefined, resumed: answer, carbons: false };
    failed = answer;
  }
  stream.send(iq('set', { id: 'bind' }, el('bind', NS.bind)));
  const result = await stream.next();
  const address = childText(child(result, 'bind', NS.bind), 'jid', NS.bind);
  if (attribute(result, 'type') !== 'result' || !address) throw new LinkError('protocol', 'no address was bound');
  if (!child(features, 'sm', NS.sm)) return { address, failed, carbons: false };
  stream.send(StreamManagement.enabling());
  return { address, failed, enabled: await stream.next(), carbons: false };
}

async function nextFeatures(stream: LoginStream): Promise<Element> {
  const features = await stream.next();
  if (features.localName !== 'features' || features.namespaceURI !== NS.stream) throw new LinkError('protocol', features.localName);
  return features;
}

function failure(answer: Element): string {
  return answer.localName === 'failure' ? (answer.firstElementChild?.localName ?? 'not-authorized') : answer.localName;
}

/** Only what waiting does not cure is a refusal; a server that is busy says so otherwise (RFC 6120 §6.5). */
function refusal(condition: string): LinkError {
  const final = ['not-authorized', 'account-disabled', 'credentials-expired', 'invalid-authzid', 'mechanism-too-weak'];
  return new LinkError(final.includes(condition) ? 'refused' : 'ended', condition);
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (base64: string): string => new TextDecoder().decode(fromBase64(base64) ?? new Uint8Array());
