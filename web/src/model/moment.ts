import type { Database } from './db.ts';
import type { Presence } from './views.ts';

const TYPING_LASTS = 30_000;

/** What only this moment knows of chats: who types, who is there, and the pictures as this page can show them. */
export class Moment {
  readonly #changed: () => void;
  readonly #typing = new Map<string, { names: string[]; timer: ReturnType<typeof setTimeout> }>();
  readonly #online = new Set<string>();
  readonly #lastSeen = new Map<string, number>();
  readonly #avatars = new Map<string, { hash: string; url: string }>();

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  of(jid: string): Presence {
    return { typing: this.#typing.get(jid)?.names ?? [], online: this.#online.has(jid), lastSeen: this.#lastSeen.get(jid), avatar: this.#avatars.get(jid)?.url };
  }

  /** Whoever vanishes while typing says nothing more, so it ends by itself. */
  types(chat: string, names: string[]): void {
    if (names.length === 0 && !this.#typing.has(chat)) return;
    clearTimeout(this.#typing.get(chat)?.timer);
    this.#typing.delete(chat);
    if (names.length > 0) this.#typing.set(chat, { names, timer: setTimeout(() => this.types(chat, []), TYPING_LASTS) });
    this.#changed();
  }

  wasThere(jid: string, at: number): void {
    this.#lastSeen.set(jid, at);
    this.#changed();
  }

  isThere(jid: string, online: boolean): void {
    if (online) this.#online.add(jid);
    else this.#online.delete(jid);
    this.#changed();
  }

  async loadAvatar(db: Database, jid: string): Promise<void> {
    const kept = await db.get('avatars', jid);
    const shown = this.#avatars.get(jid);
    if (kept?.hash === shown?.hash) return;
    if (shown) URL.revokeObjectURL(shown.url);
    if (kept?.picture) this.#avatars.set(jid, { hash: kept.hash, url: URL.createObjectURL(kept.picture) });
    else this.#avatars.delete(jid);
  }

  clear(): void {
    for (const { timer } of this.#typing.values()) clearTimeout(timer);
    for (const { url } of this.#avatars.values()) URL.revokeObjectURL(url);
    this.#typing.clear();
    this.#online.clear();
    this.#lastSeen.clear();
    this.#avatars.clear();
  }
}
