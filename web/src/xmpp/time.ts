import { child, childText, el, iq } from './dom.ts';
import { instant } from './delay.ts';
import { NS } from './ns.ts';

/** Asks for the time of an entity (XEP-0202). */
export const timeRequest = (to: string): Element => iq('get', { to }, el('time', NS.time));

/** The answer, in ms. */
export const readTime = (answer: Element): number | undefined => instant(childText(child(answer, 'time', NS.time), 'utc', NS.time));
