import { attribute, child, children, el } from './dom.ts';
import { NS } from './ns.ts';

/** Unique and stable ids (XEP-0359). */
export const originId = (id: string): Element => el('origin-id', NS.sid, { id });

/** The id an archive has given, if it is that archive's: others may claim anything. */
export function stanzaId(message: Element, by: string): string | undefined {
  return attribute(children(message, 'stanza-id', NS.sid).find((candidate) => attribute(candidate, 'by') === by), 'id');
}

/** What its sender calls the message: the origin-id, else the id attribute. */
export function senderId(message: Element): string | undefined {
  return attribute(child(message, 'origin-id', NS.sid), 'id') ?? attribute(message, 'id');
}
