import type { Conversation } from '../../model/types';

/** A conversation that can also carry files. A model without uploads offers none, and the screens then hide the button. */
export interface Carrying { attach(files: readonly File[], caption: string): void }

export function carries(conversation: Conversation): (Conversation & Carrying) | null {
  return 'attach' in conversation ? (conversation as Conversation & Carrying) : null;
}

/** A conversation that can move its window to any message, by key or by id; false when it is not to be had. */
export interface Reaching { reach(keyOrId: string): Promise<boolean> }

export function reaches(conversation: Conversation): (Conversation & Reaching) | null {
  return 'reach' in conversation ? (conversation as Conversation & Reaching) : null;
}
