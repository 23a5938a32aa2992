import type { Language } from '../i18n/i18n.svelte';
import type { MessageState } from '../model/types';

/** What the demo's page tells the app of one side, when it asks. */
export interface Entry {
  nyala: 'enter';
  /** Changes with the data. */
  run: string;
  /** What is older, in ms since 1970, was there before. */
  since: number;
  /** That of the story. */
  language: Language;
  account: string;
  password: string;
  /** Where the demo's server can be reached in this browser. */
  origins: string[];
  /** The chat to open. */
  chat: string;
}

/** Asks for the entry. */
export interface Ready { nyala: 'ready' }

/** Says that the server can be reached, and asks whether somebody is there; and the answer. */
export interface Call { nyala: 'call' }
export interface Here { nyala: 'here' }

/** What has been written and has come on one side since the demo began, as its own database has it. */
export interface Tally {
  nyala: 'tally';
  run: string;
  account: string;
  /** The groups it is in. */
  rooms: string[];
  own: { id: string; chat: string; state: MessageState }[];
  theirs: { id: string; chat: string }[];
}
