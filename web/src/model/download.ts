import type { Database } from './db.ts';
import { isSealedFile } from './isfile.ts';
import { sealedSource } from './sealfile.ts';
import { sha256 } from './sending.ts';
import { keep } from './shelf.ts';
import type { Pass, Transfer } from './transfer.ts';
import type { Attachment } from './types.ts';

/** What nobody said the size of may be as large as this; beyond, a page does not hold it well. */
const MOST = 512 * 1024 * 1024;
/** What encryption adds to a file. */
const TAG = 16;
const MOST_TO_CHECK = 64 * 1024 * 1024;

/**
 * Fetches a file from the first of its sources that has it, and keeps it.
 * @throws when none has it, when it is larger than was said, or when it is not what was sent (XEP-0447 §8).
 */
export async function download(
  from: { db: Database; transfer: Transfer; pass: Pass }, attachment: Attachment, most: number | undefined, signal: AbortSignal, progress: (part: number) => void,
): Promise<Blob> {
  let failure: unknown = new Error('It is nowhere.');
  for (const source of attachment.sources ?? []) {
    try {
      const sealed = isSealedFile(source) ? await sealedSource(source) : undefined;
      const bytes = await fetchBytes(await from.transfer.get(sealed?.url ?? source, signal, from.pass), attachment, most ?? MOST, progress, sealed ? TAG : 0);
      const blob = sealed ? await sealed.open(bytes, bytes.type) : bytes;
      if (attachment.hash && blob.size <= MOST_TO_CHECK && (await sha256(await blob.arrayBuffer())) !== attachment.hash) throw new Error('It was changed.');
      await keep(from.db, source, blob);
      return blob;
    } catch (error) {
      failure = error;
      if (signal.aborted) break;
    }
  }
  throw failure;
}

async function fetchBytes(answer: Response, attachment: Attachment, most: number, progress: (part: number) => void, more: number): Promise<Blob> {
  if (!answer.ok || !answer.body) throw new Error(`The server answered ${answer.status}.`);
  const announced = Number(answer.headers.get('content-length')) || 0;
  const bound = Math.min(most, attachment.size > 0 ? attachment.size + more : MOST);
  if (announced > bound) throw new Error('It is larger than was said.');
  const total = attachment.size || announced;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  let told = 0;
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > bound) {
      await reader.cancel();
      throw new Error('It is larger than was said.');
    }
    parts.push(value as Uint8Array<ArrayBuffer>);
    // A step of a twentieth is as much as one sees.
    if (total > 0 && size - told > total / 20) progress((told = size) / total);
  }
  return new Blob(parts, { type: attachment.kind === 'file' ? 'application/octet-stream' : attachment.type });
}
