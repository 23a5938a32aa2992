import type { Link } from '../xmpp/link.ts';
import { Apply, type Applied, type Source } from './apply.ts';
import { transact, type Database, type Transaction } from './db.ts';
import type { Incoming, ReadContext } from './incoming.ts';
import type { Notice } from './tabs.ts';

/** What the parts of the leading tab's engine share. */
export interface Context {
  readonly link: Link;
  readonly db: Database;
  readonly account: string;
  readonly reading: ReadContext;
  tell(notice: Notice): void;
  /** Whether what is sent there is encrypted. Fails when the connection does. */
  seals(chat: string): Promise<boolean>;
  /** Takes messages in; `also` runs in the same transaction (where the cursor moves). */
  take(messages: readonly Incoming[], source: Source, also?: (tx: Transaction) => Promise<void>): Promise<Applied>;
}

export async function takeIn(
  db: Database, account: string, messages: readonly Incoming[], source: Source, also?: (tx: Transaction) => Promise<void>,
): Promise<Applied> {
  return transact(db, 'default', async (tx) => {
    const applied = await new Apply(tx, account, source).all(messages);
    await also?.(tx);
    return applied;
  });
}
