import { attribute, child, children, el, wholeNumber } from './dom.ts';
import { NS } from './ns.ts';

export interface ReplyTo {
  id: string;
  to: string | undefined;
}

/** Which message one answers (XEP-0461). */
export function readReply(message: Element): ReplyTo | undefined {
  const reply = child(message, 'reply', NS.reply);
  const id = attribute(reply, 'id');
  return id ? { id, to: attribute(reply, 'to') } : undefined;
}

/** The elements and the text for clients that do not know replies: the quotation stands before the body, marked as such (XEP-0428). */
export function reply(to: ReplyTo, quoted: string, body: string): { body: string; elements: Element[] } {
  const quotation = `${quoted.split('\n').map((line) => `> ${line}`).join('\n')}\n`;
  const range = el('body', NS.fallback, { start: 0, end: [...quotation].length });
  return {
    body: quotation + body,
    elements: [el('reply', NS.reply, { id: to.id, to: to.to }), el('fallback', NS.fallback, { for: NS.reply }, range)],
  };
}

/** The body without what only stands there for clients that do not know `feature` (XEP-0428). Positions are code points. */
export function withoutFallback(message: Element, body: string, feature: string): string {
  const fallback = children(message, 'fallback', NS.fallback).find((candidate) => attribute(candidate, 'for') === feature);
  if (!fallback) return body;
  const ranges = children(fallback, 'body', NS.fallback);
  const range = ranges[0];
  if (!range) return '';
  const characters = [...body];
  const start = wholeNumber(attribute(range, 'start'));
  const end = wholeNumber(attribute(range, 'end'));
  // §3: without positions it is all of the body. Positions that make no sense are ignored: better too much text than none.
  if (start === undefined && end === undefined) return '';
  if (start === undefined || end === undefined || start > end || end > characters.length) return body;
  return characters.slice(0, start).concat(characters.slice(end)).join('');
}
