/** The account or room of an address: everything before the resource (RFC 7622 §3.1). */
export const bare = (jid: string): string => lower(jid.split('/', 1)[0] ?? '');

/** The part behind the first slash; empty where there is none. */
export const resource = (jid: string): string => (jid.includes('/') ? jid.slice(jid.indexOf('/') + 1) : '');

/** The part before the @; empty for a domain. */
export function local(jid: string): string {
  const account = bare(jid);
  return account.includes('@') ? account.slice(0, account.indexOf('@')) : '';
}

export function domain(jid: string): string {
  const account = bare(jid);
  return account.slice(account.indexOf('@') + 1);
}

/**
 * Brings what a person typed into the form of an account's address.
 * @returns undefined when it cannot be one (RFC 7622 §3.3.1 names the characters that are not allowed).
 */
export function parseAccount(typed: string): string | undefined {
  const text = lower(typed.trim().replace(/^xmpp:/i, ''));
  return text.length <= 2047 && /^[^\s"&'/:<>@]+@[^\s"&'/<>@]+$/u.test(text) ? text : undefined;
}

// The server has enforced PRECIS on what it sends; this keeps addresses typed by people comparable.
const lower = (text: string): string => text.normalize('NFC').toLowerCase();
