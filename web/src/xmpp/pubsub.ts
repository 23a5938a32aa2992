import { attribute, child, children, childText, el, iq } from './dom.ts';
import { NS } from './ns.ts';

export interface PepItem {
  id: string | undefined;
  payload: Element | undefined;
}
export interface PepEvent {
  node: string;
  items: PepItem[];
  retracted: string[];
}

/** Own data at the own account, for its devices alone (XEP-0223). */
export const PRIVATE_OPTIONS: Readonly<Record<string, string>> = {
  'pubsub#persist_items': 'true',
  'pubsub#max_items': 'max',
  'pubsub#send_last_published_item': 'never',
  'pubsub#access_model': 'whitelist',
};

/** What everybody may see who has the address: groups show strangers too. */
export const EVERYBODY: Readonly<Record<string, string>> = { 'pubsub#access_model': 'open' };

/** Publishes (XEP-0060 §7.1), with the node's settings as preconditions. */
export function publish(node: string, id: string, payload: Element, options?: Readonly<Record<string, string>>): Element {
  const item = el('item', NS.pubsub, { id }, payload);
  return iq('set', {}, el('pubsub', NS.pubsub, {}, el('publish', NS.pubsub, { node }, item), options ? preconditions(options) : undefined));
}

export function retract(node: string, id: string): Element {
  return iq('set', {}, el('pubsub', NS.pubsub, {}, el('retract', NS.pubsub, { node, notify: 'true' }, el('item', NS.pubsub, { id }))));
}

export function itemsRequest(node: string, to?: string, max?: number): Element {
  return iq('get', { to }, el('pubsub', NS.pubsub, {}, el('items', NS.pubsub, { node, max_items: max })));
}

export function itemRequest(node: string, id: string, to?: string): Element {
  return iq('get', { to }, el('pubsub', NS.pubsub, {}, el('items', NS.pubsub, { node }, el('item', NS.pubsub, { id }))));
}

/** The items of an answer. */
export function readItems(answer: Element): PepItem[] {
  return children(child(child(answer, 'pubsub', NS.pubsub), 'items', NS.pubsub), 'item', NS.pubsub).map(readItem);
}

/** Whether an answer holds all items of its node, and not a page of them (XEP-0060 §6.5.4). */
export function isWhole(answer: Element): boolean {
  const count = childText(child(child(answer, 'pubsub', NS.pubsub), 'set', NS.rsm), 'count', NS.rsm);
  return count === undefined || Number(count) <= readItems(answer).length;
}

/** What a message tells of a node (XEP-0163 §4). */
export function readEvent(message: Element): PepEvent | undefined {
  const items = child(child(message, 'event', NS.pubsubEvent), 'items', NS.pubsubEvent);
  const node = attribute(items, 'node');
  if (!node) return undefined;
  return {
    node,
    items: children(items, 'item', NS.pubsubEvent).map(readItem),
    retracted: children(items, 'retract', NS.pubsubEvent).flatMap((item) => attribute(item, 'id') ?? []),
  };
}

function readItem(item: Element): PepItem {
  return { id: attribute(item, 'id'), payload: item.firstElementChild ?? undefined };
}

const preconditions = (options: Readonly<Record<string, string>>): Element => el('publish-options', NS.pubsub, {}, form(NS.publishOptions, options));

/** Changes the settings of a node that has others (§8.2). */
export const configure = (node: string, options: Readonly<Record<string, string>>): Element =>
  iq('set', {}, el('pubsub', NS.pubsubOwner, {}, el('configure', NS.pubsubOwner, { node }, form(NS.nodeConfig, options))));

function form(type: string, options: Readonly<Record<string, string>>): Element {
  const fields = Object.entries({ FORM_TYPE: type, ...options }).map(([name, value]) =>
    el('field', NS.form, name === 'FORM_TYPE' ? { var: name, type: 'hidden' } : { var: name }, el('value', NS.form, {}, value)),
  );
  return el('x', NS.form, { type: 'submit' }, ...fields);
}
