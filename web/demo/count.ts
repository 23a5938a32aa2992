import type { Tally } from '../src/demo/protocol';

/** How many messages between the two were written, are safe at the server, and are on the other side. */
export interface Count {
  sent: number;
  safe: number;
  arrived: number;
  /** Copies too many. */
  doubled: number;
}

type Heard = Pick<Tally, 'account' | 'rooms' | 'own' | 'theirs'>;

/** Counts what both databases have, both ways; what goes to anybody else can arrive at neither and is left out. */
export function count(one: Heard, other: Heard): Count {
  const [there, back] = [way(one, other), way(other, one)];
  return { sent: there.sent + back.sent, safe: there.safe + back.safe, arrived: there.arrived + back.arrived, doubled: there.doubled + back.doubled };
}

function way(from: Heard, to: Heard): Count {
  const result: Count = { sent: 0, safe: 0, arrived: 0, doubled: 0 };
  const copies = new Map<string, number>();
  for (const { id, chat } of to.theirs) copies.set(`${chat} ${id}`, (copies.get(`${chat} ${id}`) ?? 0) + 1);
  for (const { id, chat, state } of from.own) {
    const shared = from.rooms.includes(chat) && to.rooms.includes(chat);
    if (chat !== to.account && !shared) continue;
    // Each side calls a chat of two by the other's address.
    const found = copies.get(`${shared ? chat : from.account} ${id}`) ?? 0;
    result.sent++;
    if (state === 'safe' || state === 'delivered' || state === 'read') result.safe++;
    if (found > 0) result.arrived++;
    result.doubled += Math.max(0, found - 1);
  }
  return result;
}
