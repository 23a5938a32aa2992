import { chatRow, place } from './chats.ts';
import * as compose from './compose.ts';
import { transact, type ChatRow, type MessageRow, type Transaction } from './db.ts';
import { spokeUp } from './housekeeping.ts';
import { own, type Who } from './sending.ts';
import type { Attachment } from './types.ts';

/** Sends copies of messages to chats, all or none. */
export function forward(who: Who, keys: readonly string[], chats: readonly string[]): Promise<void> {
  return transact(who.db, 'strict', async (tx) => {
    const rows = await Promise.all(keys.map((key) => tx.objectStore('messages').get(key)));
    const wanted = rows.filter((row) => row !== undefined && !row.retracted && !row.hidden) as MessageRow[];
    wanted.sort((a, b) => a.order - b.order);
    for (const jid of chats) {
      const chat = await chatRow(tx, jid, jid === who.account ? 'self' : 'direct');
      for (const row of wanted) await copy(tx, who, chat, row);
      await spokeUp(tx, chat);
      await tx.objectStore('chats').put(chat);
    }
  });
}

async function copy(tx: Transaction, who: Who, chat: ChatRow, original: MessageRow): Promise<void> {
  const files: (Attachment | undefined)[] = original.attachments.filter((file) => file.sources !== undefined);
  for (const file of original.body === '' ? files : [...files, undefined]) {
    const id = crypto.randomUUID();
    const row = { ...own(who, chat, id, file ? '' : original.body, file ? [file] : []), forwarded: true };
    await place(tx, chat, row, 'newest');
    const mark = [compose.forwardedMark()];
    await tx.objectStore('outbox').add(file ? compose.file(chat, id, id, file, mark) : compose.text(chat, id, id, row.body, undefined, [], mark));
  }
}
