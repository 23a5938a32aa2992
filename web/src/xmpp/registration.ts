import { child, childText, el, iq } from './dom.ts';
import { NS } from './ns.ts';
import { deriveKeys, preparePassword, SCRAM_HASHES, type ScramKeys } from './scram.ts';

/** What the server asks for (`GET /register`). */
export interface RegistrationOffer {
  domain: string;
  registration: 'invite' | 'open' | 'closed';
  mechanisms: string[];
  iterations: number;
  saltBytes: number;
}

/** Why there is no account: the server's `code`, or `unreachable`. */
export class RegistrationError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = 'RegistrationError';
    this.code = code;
  }
}

export function readOffer(json: unknown): RegistrationOffer | undefined {
  const offer = json as Partial<Record<keyof RegistrationOffer, unknown>> | null;
  if (!offer || typeof offer.domain !== 'string' || !['invite', 'open', 'closed'].includes(String(offer.registration))) return undefined;
  const { iterations, saltBytes } = offer;
  // Fewer rounds than RFC 7677 §4 asks for would weaken the password; too many would hang the page.
  if (typeof iterations !== 'number' || !(iterations >= 4096 && iterations <= 5_000_000)) return undefined;
  if (typeof saltBytes !== 'number' || !(saltBytes >= 8 && saltBytes <= 64)) return undefined;
  const mechanisms = (Array.isArray(offer.mechanisms) ? offer.mechanisms : []).flatMap((item: { mechanism?: unknown; required?: unknown } | null) =>
    item?.required === true && typeof item.mechanism === 'string' ? item.mechanism : [],
  );
  if (mechanisms.length === 0 || mechanisms.some((mechanism) => !(mechanism in SCRAM_HASHES))) return undefined;
  return { domain: offer.domain, registration: offer.registration as RegistrationOffer['registration'], mechanisms, iterations, saltBytes };
}

/** Asks the page's own server. @throws RegistrationError */
export async function registrationOffer(get: typeof fetch = fetch): Promise<RegistrationOffer> {
  const answer = await attempt(() => get('/register', { headers: { accept: 'application/json' }, signal: AbortSignal.timeout(10_000) }));
  const offer = answer.ok ? readOffer(await answer.json().catch(() => null)) : undefined;
  if (!offer) throw new RegistrationError('unavailable');
  return offer;
}

/**
 * Makes an account with keys derived here: the password stays with its owner.
 * @param token The last part of an invitation's link.
 * @returns the account's address.
 * @throws RegistrationError
 */
export async function register(offer: RegistrationOffer, username: string, password: string, token?: string, post: typeof fetch = fetch): Promise<string> {
  const prepared = preparePassword(password);
  if (!prepared) throw new RegistrationError('bad-password');
  const keys: ScramKeys[] = [];
  for (const mechanism of offer.mechanisms) {
    keys.push(await deriveKeys(mechanism, prepared, offer.iterations, crypto.getRandomValues(new Uint8Array(offer.saltBytes))));
  }
  const body = JSON.stringify({ token, username, keys });
  const answer = await attempt(() =>
    post('/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(30_000) }),
  );
  const result = (await answer.json().catch(() => null)) as { address?: unknown; code?: unknown } | null;
  if (answer.status === 201 && typeof result?.address === 'string') return result.address;
  throw new RegistrationError(typeof result?.code === 'string' ? result.code : 'unavailable');
}

async function attempt(call: () => Promise<Response>): Promise<Response> {
  try {
    return await call();
  } catch {
    throw new RegistrationError('unreachable');
  }
}

/** In-band registration (XEP-0077) with an invitation (XEP-0445), for servers without the above: the stanzas, in order. */
export const redeemToken = (domain: string, token: string): Element => iq('set', { to: domain }, el('preauth', NS.preauth, { token }));
export const registerInBand = (username: string, password: string): Element =>
  iq('set', {}, el('query', 'jabber:iq:register', {}, el('username', 'jabber:iq:register', {}, username), el('password', 'jabber:iq:register', {}, password)));

/** An invitation made by this account (XEP-0401), from the answer to its command. */
export function readInvite(answer: Element): { uri: string | undefined; page: string | undefined } | undefined {
  const form = child(child(answer, 'command', 'http://jabber.org/protocol/commands'), 'x', NS.form);
  if (!form) return undefined;
  const value = (name: string): string | undefined =>
    childText([...form.children].find((field) => field.getAttribute('var') === name), 'value', NS.form) || undefined;
  return { uri: value('uri'), page: value('landing-url') };
}
export const inviteCommand = (domain: string): Element =>
  iq('set', { to: domain }, el('command', 'http://jabber.org/protocol/commands', { node: 'urn:xmpp:invite#invite', action: 'execute' }));

