import { NS } from './ns.ts';

type Attributes = Record<string, string | number | undefined>;
type Content = Element | string | undefined;

const xml = document.implementation.createDocument(null, null, null);

/** Makes an element. Attributes and children that are undefined are left out; strings become text, never markup. */
export function el(name: string, ns: string, attributes: Attributes = {}, ...content: Content[]): Element {
  const element = xml.createElementNS(ns, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined) element.setAttribute(key, String(value));
  }
  for (const part of content) {
    if (part !== undefined) element.append(typeof part === 'string' ? xml.createTextNode(clean(part)) : part);
  }
  return element;
}

/** What XML 1.0 cannot carry (§2.2) would end the stream, with everything that waits behind it. */
export function clean(text: string): string {
  return text.toWellFormed().replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
}

export const message = (attributes: Attributes, ...content: Content[]): Element => el('message', NS.client, attributes, ...content);
export const presence = (attributes: Attributes, ...content: Content[]): Element => el('presence', NS.client, attributes, ...content);
export const iq = (type: 'get' | 'set' | 'result' | 'error', attributes: Attributes, ...content: Content[]): Element =>
  el('iq', NS.client, { type, ...attributes }, ...content);

/** The first child of that name and namespace. */
export function child(parent: Element | undefined, name: string, ns: string): Element | undefined {
  for (const candidate of parent?.children ?? []) {
    if (candidate.localName === name && candidate.namespaceURI === ns) return candidate;
  }
  return undefined;
}

/** All children of that name and namespace. */
export function children(parent: Element | undefined, name: string, ns: string): Element[] {
  return [...(parent?.children ?? [])].filter((candidate) => candidate.localName === name && candidate.namespaceURI === ns);
}

/** The text of a child, undefined where there is no such child. */
export function childText(parent: Element | undefined, name: string, ns: string): string | undefined {
  return child(parent, name, ns)?.textContent ?? undefined;
}

/** An attribute, undefined where it is missing or empty: no protocol here gives an empty one a meaning. */
export function attribute(element: Element | undefined, name: string): string | undefined {
  return element?.getAttribute(name) || undefined;
}

/** A whole number of at most 2^53; undefined for anything else. */
export function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,15}$/.test(text)) return undefined;
  return Number(text);
}

/** One document element; undefined when it is no well-formed XML. */
export function parse(text: string): Element | undefined {
  try {
    const root = new DOMParser().parseFromString(text, 'text/xml').documentElement as Element | null;
    // Browsers report an error as an element, at the top or (Chromium) inside.
    return root && root.getElementsByTagName('parsererror').length === 0 && root.localName !== 'parsererror' ? root : undefined;
  } catch {
    return undefined;
  }
}

export const serialize = (element: Element): string => new XMLSerializer().serializeToString(element);
