import { attribute, child, children, el, iq } from './dom.ts';
import { NS } from './ns.ts';

/** Blocking (XEP-0191). */
export const blockListRequest = (): Element => iq('get', {}, el('blocklist', NS.blocking));
/** Why somebody is reported to the operator (XEP-0377), and what they said. */
export interface Report {
  reason: 'spam' | 'abuse';
  text: string;
  by: string;
  stanzaIds: readonly string[];
}

export function block(jid: string, report?: Report): Element {
  const content = report && [
    ...report.stanzaIds.map((id) => el('stanza-id', NS.sid, { by: report.by, id })),
    ...(report.text ? [el('text', NS.reporting, {}, report.text)] : []),
  ];
  const element = report && el('report', NS.reporting, { reason: `urn:xmpp:reporting:${report.reason}` }, ...(content ?? []));
  return iq('set', {}, el('block', NS.blocking, {}, el('item', NS.blocking, { jid }, element)));
}

export const unblock = (jid: string): Element => iq('set', {}, el('unblock', NS.blocking, {}, el('item', NS.blocking, { jid })));

export const readBlockList = (answer: Element): string[] => jids(child(answer, 'blocklist', NS.blocking));

/** A push; unblocking nobody in particular is unblocking everybody (§3.5). */
export function readBlockPush(stanza: Element): { kind: 'block' | 'unblock'; jids: string[] } | undefined {
  for (const kind of ['block', 'unblock'] as const) {
    const element = child(stanza, kind, NS.blocking);
    if (element) return { kind, jids: jids(element) };
  }
  return undefined;
}

const jids = (list: Element | undefined): string[] => children(list, 'item', NS.blocking).flatMap((item) => attribute(item, 'jid') ?? []);
