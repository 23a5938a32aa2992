import type { Context } from './context.ts';
import type { Transfer } from './transfer.ts';
import type { Uploads } from './uploads.ts';

/** Loads what uploads when there is something to upload: most sessions send no file. */
export class Uploading {
  readonly #context: Context;
  readonly #transfer: Transfer;
  readonly #queued: () => void;
  #uploads: Promise<Uploads> | undefined;
  #stopped = false;

  constructor(context: Context, transfer: Transfer, queued: () => void) {
    this.#context = context;
    this.#transfer = transfer;
    this.#queued = queued;
  }

  async run(newSession = false): Promise<void> {
    if (!this.#uploads && (await this.#context.db.count('files').catch(() => 0)) === 0) return;
    this.#uploads ??= import('./uploads.ts').then(({ Uploads }) => new Uploads(this.#context, this.#transfer, this.#queued));
    const uploads = await this.#uploads;
    if (this.#stopped) return uploads.stop();
    if (newSession) uploads.reset();
    await uploads.run();
  }

  stop(): void {
    this.#stopped = true;
    void this.#uploads?.then((uploads) => uploads.stop());
  }
}
