import { attribute, child, el, iq, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';
import { PRIVATE_OPTIONS, publish, type PepItem } from './pubsub.ts';

/** Since when somebody who is there has not touched the device (XEP-0319). */
export const idle = (since: number): Element => el('idle', NS.lastInteraction, { since: new Date(since).toISOString().replace(/\.\d+Z$/, 'Z') });

export function readIdle(presence: Element): number | undefined {
  const at = Date.parse(attribute(child(presence, 'idle', NS.lastInteraction), 'since') ?? '');
  return Number.isNaN(at) ? undefined : at;
}

/** Whether contacts may know since when one is away: the server answers for who is not there (docs/web.md). */
export const setShown = (shown: boolean): Element => publish(NS.lastSeen, 'current', el('last-seen', NS.lastSeen, { shown: String(shown) }), PRIVATE_OPTIONS);

export const readShown = ({ payload }: PepItem): boolean | undefined =>
  payload?.localName === 'last-seen' && payload.namespaceURI === NS.lastSeen ? attribute(payload, 'shown') === 'true' : undefined;

/** Since when somebody is away (XEP-0012 §4), told to those who may see their presence. */
export const lastRequest = (to: string): Element => iq('get', { to }, el('query', NS.last));

/** Seconds; 0: they are there. */
export const readLast = (answer: Element): number | undefined => wholeNumber(attribute(child(answer, 'query', NS.last), 'seconds'));
