import { attribute, child, children, el, iq } from './dom.ts';
import { NS } from './ns.ts';

export interface Info {
  identities: { category: string; type: string; name: string | undefined }[];
  features: Set<string>;
}

/** Service discovery (XEP-0030). */
export const infoRequest = (to: string): Element => iq('get', { to }, el('query', NS.disco));
export const itemsOf = (to: string): Element => iq('get', { to }, el('query', NS.items));

export function readInfo(answer: Element): Info {
  const query = child(answer, 'query', NS.disco);
  return {
    identities: children(query, 'identity', NS.disco).map((identity) => ({
      category: attribute(identity, 'category') ?? '',
      type: attribute(identity, 'type') ?? '',
      name: attribute(identity, 'name'),
    })),
    features: new Set(children(query, 'feature', NS.disco).flatMap((feature) => attribute(feature, 'var') ?? [])),
  };
}

export const readItemAddresses = (answer: Element): string[] =>
  children(child(answer, 'query', NS.items), 'item', NS.items).flatMap((item) => attribute(item, 'jid') ?? []);

/** The features as entity capabilities (XEP-0115 §5), whose `+notify` ask for what other people publish. */
export async function capabilities(node: string, features: readonly string[]): Promise<Element> {
  const text = `client/web//Nyala<${[...features].sort().map((feature) => `${feature}<`).join('')}`;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)));
  return el('c', NS.caps, { hash: 'sha-1', node, ver: btoa(String.fromCharCode(...hash)) });
}
