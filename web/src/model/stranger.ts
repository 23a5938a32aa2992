import { domain, local } from '../xmpp/jid.ts';
import type { Database } from './db.ts';
import { look } from './lookalike.ts';
import type { Stranger } from './types.ts';

const MOST = 50;

/** What this device knows of somebody who asks to talk, for a person to judge. Nothing is asked of anybody for it. */
export async function strangerOf(db: Database, account: string, jid: string): Promise<Stranger> {
  const chat = await db.get('chats', jid);
  const rooms = (await db.getAll('rooms')).filter((room) => room.members[jid] !== undefined);
  const groups = await Promise.all(rooms.map(async (room) => (await db.get('chats', room.jid))?.name ?? local(room.jid)));
  const range = IDBKeyRange.bound([jid, -Infinity], [jid, Infinity]);
  const messages = (await db.getAllFromIndex('messages', 'order', range, MOST)).filter((row) => !row.mine && !row.hidden).length;
  const looks = new Set([look(chat?.name ?? ''), look(local(jid))].filter((each) => each.length > 2));
  const like = (await db.getAll('contacts')).find((contact) => contact.jid !== jid && [contact.name, contact.nick, local(contact.jid)].some((name) => name && looks.has(look(name))));
  return {
    sameServer: domain(jid) === domain(account),
    groups,
    messages,
    more: messages >= MOST || chat?.complete !== true,
    ...(like ? { like: like.name ?? like.nick ?? local(like.jid) } : {}),
  };
}
