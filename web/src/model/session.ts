import { openDB } from 'idb';
import { LinkError } from '../xmpp/errors.ts';
import { Link } from '../xmpp/link.ts';
import type { Identity } from '../xmpp/login.ts';
import type { Wire, WireEvents } from '../xmpp/wire.ts';

/** Who is signed in on this device. The password is never kept: the token (XEP-0484) is. */
export interface Kept {
  account: string;
  deviceId: string;
  token?: Identity['token'];
}

const open = (): ReturnType<typeof openDB> => openDB('nyala', 1, { upgrade: (db) => void db.createObjectStore('session') });

export async function kept(): Promise<Kept | undefined> {
  const db = await open();
  const session = (await db.get('session', 'current')) as Kept | undefined;
  db.close();
  return session;
}

export async function keep(session: Kept): Promise<void> {
  const db = await open();
  await db.put('session', session, 'current');
  db.close();
}

export async function forget(): Promise<void> {
  const db = await open();
  await db.delete('session', 'current');
  db.close();
}

/** Logs in once, to see that name and password are right, and for the token. @throws LinkError */
export async function verify(identity: Identity, url: string, wire: (events: WireEvents) => Wire): Promise<Identity['token']> {
  let token: Identity['token'];
  const link = new Link({
    identity: { ...identity },
    url,
    wire,
    features: [],
    events: { stanza: () => undefined, closed: () => undefined, token: (issued) => (token = issued) },
  });
  try {
    await link.connect();
  } catch (error) {
    throw error instanceof LinkError ? error : new LinkError('protocol');
  } finally {
    link.close();
  }
  return token;
}
