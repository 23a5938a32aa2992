import { attribute, child, childText, el, iq, wholeNumber } from './dom.ts';
import { forwarded, type Forwarded } from './forward.ts';
import type { Link } from './link.ts';
import { NS } from './ns.ts';

export interface ArchiveQuery {
  /** A room's address; undefined: the account's own archive. */
  archive?: string | undefined;
  /** Only messages with that address. */
  with?: string | undefined;
  /** ms. */
  start?: number | undefined;
  /** ms, inclusive. */
  end?: number | undefined;
  /** Only what comes after that archive id, oldest first. */
  after?: string | undefined;
  /** Only what comes before that archive id; the empty string is the end of the archive. The page is still in order of time. */
  before?: string | undefined;
  /** Rows of a page. */
  max?: number;
}

export interface ArchivedMessage extends Forwarded {
  archiveId: string;
}

export interface ArchivePage {
  messages: ArchivedMessage[];
  first: string | undefined;
  last: string | undefined;
  /** There is nothing beyond this page in the direction of the query. */
  complete: boolean;
}

/** Reads one page of an archive (XEP-0313). @throws StanzaError `item-not-found` when the archive does not know the id. */
export async function queryArchive(link: Pick<Link, 'request' | 'collect' | 'nextId' | 'account'>, query: ArchiveQuery): Promise<ArchivePage> {
  const queryId = link.nextId();
  const messages: ArchivedMessage[] = [];
  const stop = link.collect(queryId, (message) => {
    const result = readResult(message, query.archive ?? link.account);
    if (result) messages.push(result);
  });
  try {
    const answer = await link.request(archiveRequest(query, queryId));
    return { messages, ...readFin(answer) };
  } finally {
    stop();
  }
}

export function archiveRequest(query: ArchiveQuery, queryId: string): Element {
  const form = el('x', NS.form, { type: 'submit' }, field('FORM_TYPE', NS.mam, 'hidden'));
  if (query.with) form.append(field('with', query.with));
  if (query.start !== undefined) form.append(field('start', new Date(query.start).toISOString()));
  if (query.end !== undefined) form.append(field('end', new Date(query.end).toISOString()));
  const set = el('set', NS.rsm, {}, el('max', NS.rsm, {}, String(query.max ?? 100)));
  if (query.after !== undefined) set.append(el('after', NS.rsm, {}, query.after));
  if (query.before !== undefined) set.append(el('before', NS.rsm, {}, query.before));
  return iq('set', { to: query.archive }, el('query', NS.mam, { queryid: queryId }, form, set));
}

/** One result; undefined unless it is from the archive that was asked. */
export function readResult(message: Element, archive: string): ArchivedMessage | undefined {
  if ((attribute(message, 'from') ?? archive) !== archive) return undefined;
  const result = child(message, 'result', NS.mam);
  const archiveId = attribute(result, 'id');
  const copy = forwarded(result);
  return archiveId && copy ? { ...copy, archiveId } : undefined;
}

export function readFin(answer: Element): Omit<ArchivePage, 'messages'> {
  const fin = child(answer, 'fin', NS.mam);
  const set = child(fin, 'set', NS.rsm);
  const first = childText(set, 'first', NS.rsm) || undefined;
  // An empty page is the end, whatever else it says: to go on would ask the same for ever.
  const empty = first === undefined || wholeNumber(childText(set, 'count', NS.rsm)) === 0;
  return { first, last: childText(set, 'last', NS.rsm) || undefined, complete: empty || attribute(fin, 'complete') === 'true' };
}

const field = (name: string, value: string, type?: string): Element => el('field', NS.form, { var: name, type }, el('value', NS.form, {}, value));
