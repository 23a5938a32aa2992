import { attribute, child, children, el, iq } from './dom.ts';
import { NS } from './ns.ts';

/** Blocking (XEP-0191). */
export const blockListRequest = (): Element => iq('get', {}, el('blocklist', NS.blocking));
export const block = (jid: string): Element => iq('set', {}, el('block', NS.blocking, {}, el('item', NS.blocking, { jid })));
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
