import { folded, foundIn } from '../../model/fold';
import type { Chat } from '../../model/types';

export type Filter = 'all' | 'unread' | 'groups' | 'archived';

export function matching(chat: Pick<Chat, 'name' | 'jid'>, query: string): boolean {
  const wanted = folded(query);
  return folded(chat.name).includes(wanted) || folded(chat.jid.split('@')[0] ?? '').startsWith(wanted);
}

/** The chats of a list: strangers' requests stay out of all of them, a search looks through all others; pinned first, then the newest. */
export function inOrder(chats: readonly Chat[], filter: Filter, query: string): Chat[] {
  const fits = (chat: Chat): boolean => {
    if (chat.request === true) return false;
    if (filter === 'archived') return chat.archived && (query === '' || matching(chat, query));
    if (query !== '') return matching(chat, query);
    if (chat.archived) return false;
    return filter === 'all' || (filter === 'groups' ? chat.kind === 'group' : chat.unread > 0 || chat.markedUnread);
  };
  return chats.filter(fits).sort((a, b) => Number(b.pinned) - Number(a.pinned) || (b.last?.at ?? 0) - (a.last?.at ?? 0));
}

/** A text around the first place where a query was found, split so that the place can be shown; null when it is not there. */
export function around(text: string, query: string, before = 16): [string, string, string] | null {
  const found = foundIn(text, query);
  if (found === null) return null;
  const [at, end] = found;
  // From a word's beginning, where there is one.
  const first = Math.max(0, at - before);
  const space = text.indexOf(' ', first);
  const from = first > 0 && space >= 0 && space < at ? space + 1 : first;
  return [(from > 0 ? '…' : '') + text.slice(from, at), text.slice(at, end), text.slice(end)];
}

/** The bare address a person means: a name alone is one on the own server; null while it cannot be one (RFC 7622 §3 in short). */
export function addressed(text: string, me: string): string | null {
  const whole = text.trim().toLowerCase();
  const [local = '', domain = me.split('@')[1] ?? '', ...rest] = whole.split('@');
  if (rest.length > 0 || local === '' || domain === '' || /[\s"&'/:<>@]/u.test(local) || !/^[\p{L}\p{N}.-]+(?::\d+)?$/u.test(domain) || /^\.|\.$|\.\./u.test(domain)) return null;
  return `${local}@${domain}`;
}
