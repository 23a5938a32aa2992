import { child, childText, el } from './dom.ts';
import { NS } from './ns.ts';

/** The address that says "this message is that file" to other clients (XEP-0066). */
export const outOfBand = (url: string): Element => el('x', NS.oob, {}, el('url', NS.oob, {}, url));
export const readOutOfBand = (message: Element): string | undefined => webAddress(childText(child(message, 'x', NS.oob), 'url', NS.oob));

/** An address to fetch from or send to: https, or http on this machine. */
export function webAddress(text: string | undefined): string | undefined {
  if (!text || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const here = url.hostname === 'localhost' || url.hostname === '127.0.0.1' || url.hostname === '[::1]';
  return url.protocol === 'https:' || (url.protocol === 'http:' && here) ? url.href : undefined;
}
