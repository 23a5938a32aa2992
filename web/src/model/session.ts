import { openDB } from 'idb';
import type { Identity } from '../xmpp/login.ts';
import type { GroupLink } from './invites.ts';
import type { Wanted } from './start.ts';

/** Who is signed in on this device. A password that its owner has typed is never kept: the token (XEP-0484) is. */
export interface Kept {
  account: string;
  deviceId: string;
  token?: Identity['token'];
  /** The password that was made for the account here and that nobody else has, until its owner has another. */
  accountKey?: string;
  /** What its owner wants to be called and the server has not been told yet. */
  unsentName?: string;
  /** The links into groups that were made here last. */
  groupLinks?: Record<string, GroupLink>;
}

/** What this device logs in with. */
export const identityOf = (session: Kept): Identity => ({
  account: session.account,
  deviceId: session.deviceId,
  software: 'Nyala',
  token: session.token,
  ...(session.accountKey ? { password: session.accountKey } : {}),
});

/** An account in the making: its key is here before the server makes it. */
export interface Attempt extends Wanted {
  password: string;
}

const open = (): ReturnType<typeof openDB> => openDB('nyala', 1, { upgrade: (db) => void db.createObjectStore('session') });

export async function using<T>(work: (db: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
  const db = await open();
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

export const kept = (): Promise<Kept | undefined> => using(async (db) => (await db.get('session', 'current')) as Kept | undefined);

export const keep = (session: Kept): Promise<unknown> => using((db) => db.put('session', session, 'current'));

/** Changes what is kept of an account that is still the one signed in. */
export const change = (account: string, how: (session: Kept) => Kept): Promise<unknown> =>
  using(async (db) => {
    const tx = db.transaction('session', 'readwrite', { durability: 'strict' });
    const session = (await tx.store.get('current')) as Kept | undefined;
    if (session?.account === account) await tx.store.put(how(session), 'current');
    await tx.done;
  });

/** Another token, or none any more. */
export function withToken(session: Kept, token: Identity['token']): Kept {
  const next = { ...session };
  if (token) next.token = token;
  else delete next.token;
  return next;
}

export const nameSent = (session: Kept): Kept => {
  const next = { ...session };
  delete next.unsentName;
  return next;
};

/** Nobody is signed in any more. @param gone An account that nothing is to be left of here, whatever happens to this page. */
export const forget = (gone?: string): Promise<unknown> =>
  using(async (db) => {
    if (gone) await db.put('session', gone, `gone:${gone}`);
    await db.delete('session', 'current');
  });

/** Keeps an attempt, on disk when this settles; without one, tells which there is. */
export async function attempt(begun?: Attempt): Promise<Attempt | undefined> {
  return using(async (db) => {
    const tx = db.transaction('session', 'readwrite', { durability: 'strict' });
    if (begun) await tx.store.put(begun, 'attempt');
    const found = (await tx.store.get('attempt')) as Attempt | undefined;
    await tx.done;
    return found;
  });
}

export const finish = (): Promise<unknown> => using((db) => db.delete('session', 'attempt'));

const WAS = 'nyala.was';

/**
 * Who was here last, in two places that are not cleared together: where the storage is gone, whoever comes back is asked to sign
 * in again and is not taken for a stranger.
 */
export function remember(account: string | undefined): void {
  if (account) localStorage.setItem(WAS, account);
  else localStorage.removeItem(WAS);
  document.cookie = `${WAS}=${encodeURIComponent(account ?? '')}; path=/; max-age=${account ? 34_000_000 : 0}; samesite=strict${location.protocol === 'https:' ? '; secure' : ''}`;
}

export function remembered(): string | undefined {
  const cookie = document.cookie.split('; ').find((each) => each.startsWith(`${WAS}=`));
  return localStorage.getItem(WAS) ?? (cookie ? decodeURIComponent(cookie.slice(WAS.length + 1)) || undefined : undefined);
}
