import type { Identity } from '../xmpp/login.ts';
import type { Wire, WireEvents } from '../xmpp/wire.ts';
import type { Actions } from './actions.ts';
import type { Database } from './db.ts';
import type { Engine } from './engine.ts';
import type { Media } from './media.ts';
import type { Nudges } from './nudges.ts';
import type { OpenOmemo } from './sealing.ts';
import type { Tabs } from './tabs.ts';
import type { Transfer } from './transfer.ts';

/** What the model is given of the world. */
export interface LiveOptions {
  url(domain: string): Promise<string>;
  wire: (events: WireEvents) => Wire;
  nudges: Nudges;
  transfer?: Transfer;
  /** Absent: nothing is encrypted. */
  omemo?: OpenOmemo;
  /** Whether chats are encrypted wherever they can be, or where somebody in them does so or wants it. */
  seals?: 'always' | 'asked';
  locks?: Pick<LockManager, 'request'>;
}

/** One account that is signed in, in one tab. */
export interface Open {
  db: Database;
  tabs: Tabs;
  media: Media;
  actions: Actions;
  identity: Identity;
  url(): Promise<string>;
  engine: Engine | undefined;
}
