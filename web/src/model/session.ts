import { openDB } from 'idb';
import type { Identity } from '../xmpp/login.ts';

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
