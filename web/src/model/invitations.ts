import type { Context } from './context.ts';
import type { Transaction } from './db.ts';
import type { Incoming } from './incoming.ts';

const KEY = 'invitations';
const MOST = 500;

/** An invitation from before this device was there: whether it was taken up already only the bookmarks tell, which come later. */
export async function remember(tx: Transaction, invitation: Incoming): Promise<void> {
  const before = ((await tx.objectStore('meta').get(KEY)) as Incoming[] | undefined) ?? [];
  await tx.objectStore('meta').put([...before, invitation].slice(-MOST), KEY);
}

/** Takes up those that nobody has decided on. @param decided Whether a bookmark says something about a group. */
export async function settle(context: Context, decided: (room: string) => boolean): Promise<void> {
  const waiting = ((await context.db.get('meta', KEY)) as Incoming[] | undefined) ?? [];
  if (waiting.length === 0) return;
  const open = waiting.filter(({ content }) => content.type === 'invitation' && !decided(content.room));
  await context.take(open, 'catch-up', async (tx) => {
    await tx.objectStore('meta').delete(KEY);
  });
}
