import { attribute, child, children, el, iq, presence } from './dom.ts';
import { bare } from './jid.ts';
import { NS } from './ns.ts';

export type Subscription = 'none' | 'to' | 'from' | 'both' | 'remove';
export interface Contact {
  jid: string;
  name: string | undefined;
  subscription: Subscription;
  /** We have asked and were not answered yet. */
  pending: boolean;
}
export interface RosterAnswer {
  version: string | undefined;
  contacts: Contact[];
}

const SUBSCRIPTIONS: readonly string[] = ['none', 'to', 'from', 'both', 'remove'];

/** The contact list (RFC 6121 §2). With a version only changes are told. */
export const rosterRequest = (version: string | undefined): Element => {
  const query = el('query', NS.roster);
  query.setAttribute('ver', version ?? '');
  return iq('get', {}, query);
};

/** @returns undefined when nothing has changed since the version asked for (§2.6.3). */
export function readRoster(stanza: Element): RosterAnswer | undefined {
  const query = child(stanza, 'query', NS.roster);
  if (!query) return undefined;
  return { version: attribute(query, 'ver'), contacts: children(query, 'item', NS.roster).flatMap((item) => readContact(item) ?? []) };
}

function readContact(item: Element): Contact | undefined {
  const jid = attribute(item, 'jid');
  if (!jid) return undefined;
  const subscription = attribute(item, 'subscription') ?? 'none';
  return {
    jid: bare(jid),
    name: attribute(item, 'name'),
    subscription: SUBSCRIPTIONS.includes(subscription) ? (subscription as Subscription) : 'none',
    pending: attribute(item, 'ask') === 'subscribe',
  };
}

export const setContact = (jid: string, name?: string): Element => iq('set', {}, el('query', NS.roster, {}, el('item', NS.roster, { jid, name })));
export const removeContact = (jid: string): Element =>
  iq('set', {}, el('query', NS.roster, {}, el('item', NS.roster, { jid, subscription: 'remove' })));

/** Asks to see somebody's presence; with the token of an invitation it is granted at once (XEP-0379). */
export const subscribe = (to: string, token?: string): Element =>
  presence({ to, type: 'subscribe' }, token ? el('preauth', NS.preauth, { token }) : undefined);
export const answerSubscription = (to: string, granted: boolean): Element => presence({ to, type: granted ? 'subscribed' : 'unsubscribed' });
