import { attribute, children, el } from './dom.ts';
import { NS } from './ns.ts';

/** Somebody named in a text (XEP-0372). */
export interface Mention {
  /** The name as it is written, with its @. */
  text: string;
  jid: string;
}

const MOST = 50;

/** Whom a message mentions: addresses, or occupants' addresses. */
export function readMentions(message: Element): string[] {
  return children(message, 'reference', NS.reference).slice(0, MOST).flatMap((reference) => {
    const uri = attribute(reference, 'uri');
    return attribute(reference, 'type') === 'mention' && uri?.startsWith('xmpp:') ? [decode(uri.slice(5))] : [];
  });
}

/** References to those whose names still stand in the text; positions count code points (§3.1). */
export function mentions(body: string, people: readonly Mention[]): Element[] {
  return people.slice(0, MOST).flatMap(({ text, jid }) => {
    const at = body.indexOf(text);
    if (at < 0) return [];
    const begin = [...body.slice(0, at)].length;
    return [el('reference', NS.reference, { type: 'mention', begin, end: begin + [...text].length, uri: `xmpp:${encode(jid)}` })];
  });
}

/** Whether a text names somebody by nickname, as a word of its own. */
export function names(body: string, nick: string): boolean {
  const edge = /[\p{L}\p{N}_]/u;
  for (let at = body.indexOf(nick); at >= 0 && nick !== ''; at = body.indexOf(nick, at + 1)) {
    const before = [...body.slice(0, at)].at(-1) ?? ' ';
    const after = [...body.slice(at + nick.length)][0] ?? ' ';
    if (!edge.test(before) && !edge.test(after)) return true;
  }
  return false;
}

const encode = (jid: string): string => jid.split('/').map((part) => encodeURIComponent(part).replace(/%40/g, '@')).join('/');

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
