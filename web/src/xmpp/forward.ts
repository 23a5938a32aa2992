import { child } from './dom.ts';
import { delayedSince } from './delay.ts';
import { NS } from './ns.ts';

export interface Forwarded {
  stanza: Element;
  /** ms, where it says so. */
  at: number | undefined;
}

/** What an element forwards (XEP-0297). */
export function forwarded(parent: Element | undefined): Forwarded | undefined {
  const envelope = child(parent, 'forwarded', NS.forward);
  const stanza = child(envelope, 'message', NS.client);
  return envelope && stanza ? { stanza, at: delayedSince(envelope) } : undefined;
}
