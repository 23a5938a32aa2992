import { place } from './chats.ts';
import type { Context } from './context.ts';
import type { Transaction } from './db.ts';
import type { News } from './sealstore.ts';

/** Says in a person's chat that they have another device, or one of theirs another key; of our own in the notes to oneself. */
export async function noteNews({ account, reading, tell }: Context, tx: Transaction, news: readonly News[]): Promise<void> {
  for (const { kind, jid, device, verified } of news) {
    const chat = await tx.objectStore('chats').get(jid);
    if (!chat) continue;
    const key = crypto.randomUUID();
    const before = { lastKey: chat.lastKey, lastAt: chat.lastAt, preview: chat.preview, deleted: chat.deleted };
    const row = { key, chat: jid, id: key, archive: account, sender: jid, senderName: '', mine: false, at: reading.now(), body: '', state: 'safe' as const, reactions: {}, attachments: [], encrypted: 'none' as const };
    await place(tx, chat, { ...row, notice: { kind, jid, device, verified } }, 'newest');
    // It is no message: the list stays as it was.
    chat.lastAt = before.lastAt;
    if (before.lastKey) chat.lastKey = before.lastKey;
    else delete chat.lastKey;
    if (before.preview) chat.preview = before.preview;
    if (before.deleted) chat.deleted = true;
    await tx.objectStore('chats').put(chat);
    tell({ kind: 'changed', chats: [jid] });
  }
}
