import { NS } from '../xmpp/ns.ts';
import type { PepItem } from '../xmpp/pubsub.ts';
import type { Context } from './context.ts';
import { DisplayedSync } from './displayed.ts';
import { LastSeenSync } from './lastseen.ts';
import { SettingsSync } from './settings.ts';

/** What the devices of an account keep the same by nodes of their own (XEP-0223). */
export class Shared {
  readonly #displayed: DisplayedSync;
  readonly #settings: SettingsSync;

  readonly #lastSeen: LastSeenSync;

  constructor(context: Context, shares: (on: boolean) => void) {
    this.#lastSeen = new LastSeenSync(context, shares);
    this.#displayed = new DisplayedSync(context);
    this.#settings = new SettingsSync(context);
  }

  /** After the archive has come. */
  async begin(firstTime: boolean): Promise<void> {
    await this.#lastSeen.begin();
    await this.#displayed.begin(firstTime);
    await this.#settings.begin();
  }

  async told(node: string, items: PepItem[]): Promise<void> {
    if (node === NS.mds) await this.#displayed.told(items);
    else if (node === NS.lastSeen) await this.#lastSeen.told(items);
    else if (node === NS.chatSettings) await this.#settings.told(items);
  }

  async publish(): Promise<void> {
    await this.#lastSeen.publish();
    await this.#displayed.publish();
    await this.#settings.publish();
  }
}

export const isShared = (node: string): boolean => node === NS.mds || node === NS.chatSettings || node === NS.lastSeen;
