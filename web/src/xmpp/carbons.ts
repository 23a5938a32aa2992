import { attribute, child, el, iq } from './dom.ts';
import { forwarded, type Forwarded } from './forward.ts';
import { NS } from './ns.ts';

export interface Carbon extends Forwarded {
  direction: 'sent' | 'received';
}

/** Message Carbons (XEP-0280), for servers that do not enable them inline. */
export const enableCarbons = (): Element => iq('set', {}, el('enable', NS.carbons));

export const isCarbon = (message: Element): boolean => !!(child(message, 'sent', NS.carbons) ?? child(message, 'received', NS.carbons));

/** What another device of ours sent or received; undefined unless the own account says so (§11: anybody can write one). */
export function readCarbon(message: Element, account: string): Carbon | undefined {
  if ((attribute(message, 'from') ?? account) !== account) return undefined;
  for (const direction of ['sent', 'received'] as const) {
    const copy = forwarded(child(message, direction, NS.carbons));
    if (copy) return { ...copy, direction };
  }
  return undefined;
}
