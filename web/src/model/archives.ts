import { ArchiveSync } from './archive.ts';
import type { Context } from './context.ts';

/** Milliseconds until an archive is asked again that did not answer. */
const AGAIN = 2000;

/** The archives that are kept complete here: the account's, and those of the rooms one is in. */
export class Archives {
  readonly #context: Context;
  readonly #archives = new Map<string, ArchiveSync>();

  constructor(context: Context) {
    this.#context = context;
  }

  of(jid: string): ArchiveSync {
    let archive = this.#archives.get(jid);
    if (!archive) {
      archive = new ArchiveSync(this.#context, jid);
      this.#archives.set(jid, archive);
    }
    return archive;
  }

  /** A new session. */
  reset(): void {
    for (const archive of this.#archives.values()) archive.reset();
  }

  /** Until it has: what comes live is not taken before. Where the connection goes meanwhile, the next one has to go on. */
  async catchUp(jid: string): Promise<void> {
    const archive = this.of(jid);
    while (this.#context.link.online) {
      try {
        return await archive.run();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN));
      }
    }
  }

  /** The stream goes on: so do rooms that were not caught up with when it was cut. */
  goOn(joined: (room: string) => boolean): void {
    for (const [jid, archive] of this.#archives) if (!archive.current && joined(jid)) void this.catchUp(jid);
  }
}
