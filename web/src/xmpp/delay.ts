import { attribute, child } from './dom.ts';
import { NS } from './ns.ts';

/** When a delayed stanza was sent (XEP-0203), in ms; undefined for one that was not delayed. */
export function delayedSince(element: Element): number | undefined {
  return instant(attribute(child(element, 'delay', NS.delay), 'stamp'));
}

/** A moment as XEP-0082 writes it, in ms; undefined for anything else. */
export function instant(text: string | undefined): number | undefined {
  if (!text || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
