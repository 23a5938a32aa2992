import { isFile, isSealedFile } from './isfile.ts';
import type { Database, MessageRow } from './db.ts';
import type { Pass, Transfer } from './transfer.ts';
import type { Attachment } from './types.ts';

/** What is smaller comes by itself; everything else when somebody wants it (a phone's data is not ours to spend). */
export const SMALL = 200_000;
const BY_ITSELF: readonly Attachment['kind'][] = ['image', 'voice', 'sticker'];
const AT_ONCE = 3;
/** Longer ones are no voice messages, and decoding them takes more memory than their shape is worth. */
const MOST_TO_HEAR = 4_000_000;

type State = 'looking' | 'remote' | 'loading' | 'ready' | 'failed';

interface Entry {
  state: State;
  url?: string;
  part?: number;
  /** How a voice that others have sent looks and how long it is. */
  heard?: { peaks: number[]; seconds: number };
  stop?: AbortController;
  /** Messages that show it, and the chats they are in. */
  keys: Set<string>;
  chats: Set<string>;
}

export interface MediaOptions {
  db: Database;
  transfer: Transfer;
  pass: Pass;
  /** These messages look different now. */
  changed(keys: ReadonlySet<string>): void;
}

/** The files of messages as this tab can show them: by blob: addresses, of bytes that are here or were fetched. */
export class Media {
  readonly #options: MediaOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #uploads = new Map<string, number>();
  readonly #queue: (() => Promise<void>)[] = [];
  #running = 0;
  #closed = false;

  constructor(options: MediaOptions) {
    this.#options = options;
  }

  /** The attachments of a message as they are shown; looks for their bytes. Of strangers nothing is fetched, and nothing shown. */
  view(row: Pick<MessageRow, 'key' | 'chat' | 'attachments' | 'state'>, stranger: boolean): Attachment[] {
    return row.attachments.map((attachment, at) => {
      if (!isFile(attachment) || attachment.state === 'sealed') return attachment;
      if (stranger) return bare(attachment);
      const entry = this.#entry(row, attachment, at);
      const shown = { ...entry.heard, ...attachment, ...(entry.url ? { url: entry.url } : {}) };
      if (!attachment.sources?.length) return { ...shown, ...this.#sending(row) };
      // Where nobody has looked yet, nothing is offered that may be here already.
      if (entry.state === 'looking') return { ...shown, state: 'ready' };
      return { ...shown, state: entry.state, ...(entry.part === undefined ? {} : { progress: entry.part }) };
    });
  }

  progress(key: string, part: number): void {
    this.#uploads.set(key, part);
    this.#options.changed(new Set([key]));
  }

  /** Somebody wants to see it. */
  load(row: Pick<MessageRow, 'key' | 'chat' | 'attachments'>, at: number): void {
    const attachment = row.attachments[at];
    if (!attachment?.sources?.length) return;
    const entry = this.#entry(row, attachment, at);
    if (entry.state === 'remote' || entry.state === 'failed') void this.#fetch(entry, attachment);
  }

  cancel(key: string): void {
    for (const entry of this.#entries.values()) if (entry.keys.has(key)) entry.stop?.abort();
  }

  /** Nobody looks at that chat any more. */
  leave(chat: string): void {
    for (const [id, entry] of this.#entries) {
      entry.chats.delete(chat);
      if (entry.chats.size > 0 || entry.state === 'loading' || entry.state === 'looking') continue;
      if (entry.url) URL.revokeObjectURL(entry.url);
      this.#entries.delete(id);
    }
  }

  close(): void {
    this.#closed = true;
    for (const entry of this.#entries.values()) {
      entry.stop?.abort();
      if (entry.url) URL.revokeObjectURL(entry.url);
    }
    this.#entries.clear();
  }

  #sending(row: Pick<MessageRow, 'key' | 'state'>): Pick<Attachment, 'state' | 'progress'> {
    if (row.state === 'failed') return { state: 'failed' };
    const part = this.#uploads.get(row.key);
    return { state: 'uploading', ...(part === undefined ? {} : { progress: part }) };
  }

  #entry(row: Pick<MessageRow, 'key' | 'chat'>, attachment: Attachment, at: number): Entry {
    const own = `${row.key} ${at}`;
    const id = attachment.sources?.[0] ?? own;
    let entry = this.#entries.get(id);
    // What was uploaded is the same picture under its address: it must not blink.
    const before = this.#entries.get(own);
    if (!entry && before) {
      entry = before;
      this.#entries.delete(own);
      this.#entries.set(id, entry);
    }
    if (!entry) {
      entry = { state: 'looking', keys: new Set(), chats: new Set() };
      this.#entries.set(id, entry);
      void this.#find(entry, row.key, attachment).catch(() => undefined);
    }
    entry.keys.add(row.key);
    entry.chats.add(row.chat);
    return entry;
  }

  async #find(entry: Entry, key: string, attachment: Attachment): Promise<void> {
    const { db } = this.#options;
    const waiting = await db.getFromIndex('files', 'key', key);
    let blob = waiting?.blob;
    for (const source of attachment.sources ?? []) blob ??= await (await import('./shelf.ts')).fetchKept(db, source);
    if (blob) return this.#show(entry, blob, attachment);
    this.#change(entry, { state: 'remote' });
    if (BY_ITSELF.includes(attachment.kind) && (attachment.size > 0 || isSealedFile(attachment.sources?.[0] ?? '')) && attachment.size <= SMALL) this.#enqueue(() => this.#fetch(entry, attachment, SMALL));
  }

  async #fetch(entry: Entry, attachment: Attachment, most?: number): Promise<void> {
    if (this.#closed || entry.state === 'loading' || entry.state === 'ready') return;
    const stop = new AbortController();
    entry.stop = stop;
    this.#change(entry, { state: 'loading' });
    try {
      const { download } = await import('./download.ts');
      const blob = await download(this.#options, attachment, most, stop.signal, (part) => this.#change(entry, { part }));
      this.#show(entry, blob, attachment);
    } catch {
      delete entry.part;
      // Whoever stops it has not failed, and what came by itself is offered instead.
      this.#change(entry, { state: stop.signal.aborted || most !== undefined ? 'remote' : 'failed' });
    }
  }

  #enqueue(work: () => Promise<void>): void {
    this.#queue.push(work);
    this.#next();
  }

  #next(): void {
    if (this.#running >= AT_ONCE) return;
    const work = this.#queue.shift();
    if (!work) return;
    this.#running++;
    void work().finally(() => {
      this.#running--;
      this.#next();
    });
  }

  #show(entry: Entry, blob: Blob, attachment: Attachment): void {
    if (this.#closed) return;
    delete entry.part;
    // The type is ours to say: what is not shown by browsers as picture, sound or film is bytes, never a page.
    const type = attachment.kind === 'file' ? 'application/octet-stream' : attachment.type;
    this.#change(entry, { state: 'ready', url: URL.createObjectURL(blob.type === type ? blob : new Blob([blob], { type })) });
    if (attachment.kind === 'voice' && !attachment.peaks && blob.size <= MOST_TO_HEAR) void this.#hear(entry, blob).catch(() => undefined);
  }

  async #hear(entry: Entry, blob: Blob): Promise<void> {
    const { peaksOf } = await import('./sound.ts');
    this.#change(entry, { heard: await peaksOf(blob) });
  }

  #change(entry: Entry, change: Partial<Entry>): void {
    Object.assign(entry, change);
    if (!this.#closed) this.#options.changed(entry.keys);
  }
}

function bare(attachment: Attachment): Attachment {
  const shown: Attachment = { ...attachment, state: 'remote' };
  delete shown.thumbnail;
  return shown;
}
