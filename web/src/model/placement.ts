import type { Transaction } from './db.ts';

/**
 * Orders between those that are in use. A page of history that meets rows which are here already belongs around them; `left`
 * messages may still come into the same gap, so each takes one part of it and the numbers stay far apart.
 */
export async function under(tx: Transaction, chat: string, above: number, left: number): Promise<number | 'oldest'> {
  const below = await neighbour(tx, chat, above, 'prev');
  return below === undefined ? 'oldest' : above - (above - below) / (left + 1);
}

export async function over(tx: Transaction, chat: string, below: number, left: number): Promise<number | 'newest'> {
  const above = await neighbour(tx, chat, below, 'next');
  return above === undefined ? 'newest' : above - (above - below) / (left + 1);
}

async function neighbour(tx: Transaction, chat: string, order: number, direction: 'prev' | 'next'): Promise<number | undefined> {
  const range = direction === 'prev' ? IDBKeyRange.bound([chat, -Infinity], [chat, order], false, true) : IDBKeyRange.bound([chat, order], [chat, Infinity], true);
  const cursor = await tx.objectStore('messages').index('order').openKeyCursor(range, direction);
  return cursor?.key[1];
}
