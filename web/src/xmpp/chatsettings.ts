import { attribute, child, el } from './dom.ts';
import { bare } from './jid.ts';
import { NS } from './ns.ts';
import { PRIVATE_OPTIONS, publish, type PepItem } from './pubsub.ts';

/** What the specifications know of a chat's settings: pinned (XEP-0469) and never notified (XEP-0492). */
export interface Marks {
  pinned: boolean;
  muted: boolean;
}

/** How a chat is kept in the list, on all devices of an account. */
export interface ChatSettings extends Marks {
  chat: string;
  archived: boolean;
  markedUnread: boolean;
}

/** The marks inside a bookmark's `extensions`, or an item of ours. */
export function readMarks(parent: Element | undefined): Marks {
  return { pinned: child(parent, 'pinned', NS.pinning) !== undefined, muted: ours(child(parent, 'notify', NS.notify))?.localName === 'never' };
}

/** Writes them among what others have put there, of which nothing is lost. */
export function writeMarks(parent: Element, { pinned, muted }: Marks): void {
  const pin = child(parent, 'pinned', NS.pinning);
  if (pinned && !pin) parent.append(el('pinned', NS.pinning));
  if (!pinned) pin?.remove();
  if (readMarks(parent).muted === muted) return;
  let notify = child(parent, 'notify', NS.notify);
  if (!notify) parent.append((notify = el('notify', NS.notify)));
  const before = ours(notify);
  const after = el(muted ? 'never' : 'always', NS.notify);
  // What is below `advanced` belongs to others (XEP-0492 §4).
  for (const { name, value } of before?.attributes ?? []) if (name.startsWith('identity-')) after.setAttribute(name, value);
  after.append(...(before?.children ?? []));
  if (before) before.replaceWith(after);
  else notify.append(after);
}

/** The setting that is meant for this app: for web clients, else for clients, else for everything (XEP-0492 §4). */
function ours(notify: Element | undefined): Element | undefined {
  const all = [...(notify?.children ?? [])].filter((each) => each.namespaceURI === NS.notify && ['always', 'on-mention', 'never'].includes(each.localName));
  const find = (category: string | undefined, type: string | undefined): Element | undefined =>
    all.find((each) => attribute(each, 'identity-category') === category && attribute(each, 'identity-type') === type);
  return find('client', 'web') ?? find('client', undefined) ?? find(undefined, undefined);
}

export function readSettings(item: PepItem): ChatSettings | undefined {
  const { id, payload } = item;
  if (!id || payload?.localName !== 'chat' || payload.namespaceURI !== NS.chatSettings) return undefined;
  const has = (name: string): boolean => child(payload, name, NS.chatSettings) !== undefined;
  return { chat: bare(id), ...readMarks(payload), archived: has('archived'), markedUnread: has('unread') };
}

export function setSettings(settings: ChatSettings): Element {
  const of = (name: string, on: boolean): Element | undefined => (on ? el(name, NS.chatSettings) : undefined);
  const chat = el('chat', NS.chatSettings, {}, of('archived', settings.archived), of('unread', settings.markedUnread));
  writeMarks(chat, settings);
  return publish(NS.chatSettings, settings.chat, chat, PRIVATE_OPTIONS);
}
