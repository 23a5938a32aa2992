import type { MessageRow, Transaction } from './db.ts';

/** A text that waits for its file has changed, or goes: the file says of itself what the text will say. @returns whether it waits for one. */
export async function recaption(tx: Transaction, text: MessageRow, body?: string): Promise<boolean> {
  if (text.state !== 'sending' || text.attachments.length > 0) return false;
  const file = (await tx.objectStore('files').getAll()).find(({ caption }) => caption === text.key);
  if (!file) return false;
  const row = await tx.objectStore('messages').get(file.key);
  const [attachment] = row?.attachments ?? [];
  if (!row || !attachment) return true;
  if (body) attachment.desc = body;
  else delete attachment.desc;
  await tx.objectStore('messages').put(row);
  return true;
}
