import { attribute, child, childText, el, iq, wholeNumber } from './dom.ts';
import type { Link } from './link.ts';
import { readResult, type ArchivedMessage } from './mam.ts';
import { NS } from './ns.ts';

/** A chat as the server lists it: its last message, and how many in it are unread (XEP-0430). */
export interface InboxEntry {
  unread: number;
  last: ArchivedMessage;
}

export interface InboxPage {
  entries: InboxEntry[];
  /** Where the next page begins; undefined: there is none. */
  next: string | undefined;
}

/** One page of the list of chats. @returns undefined where the answer is no inbox's. @throws StanzaError where there is none. */
export async function queryInbox(link: Pick<Link, 'request' | 'collect' | 'nextId' | 'account'>, after: string | undefined): Promise<InboxPage | undefined> {
  const id = link.nextId();
  const entries: InboxEntry[] = [];
  let told = 0;
  const stop = link.collect(id, (message) => {
    told++;
    const last = readResult(message, link.account);
    const entry = child(message, 'entry', NS.inbox);
    if (entry && last) entries.push({ unread: Math.min(wholeNumber(attribute(entry, 'unread')) ?? 0, 1000), last });
  });
  try {
    // §3.1: results carry the id of the question as their query id.
    const answer = await link.request(inboxRequest(after), { id });
    const fin = child(answer, 'fin', NS.inbox);
    if (!fin) return undefined;
    const next = childText(child(fin, 'set', NS.rsm), 'last', NS.rsm) || undefined;
    // A page without anything is the end, whatever else it says: to go on would ask the same for ever.
    return { entries, next: told === 0 || next === after ? undefined : next };
  } finally {
    stop();
  }
}

const inboxRequest = (after: string | undefined): Element =>
  iq('get', {}, el('inbox', NS.inbox, {}, el('set', NS.rsm, {}, el('max', NS.rsm, {}, '50'), after === undefined ? undefined : el('after', NS.rsm, {}, after))));
