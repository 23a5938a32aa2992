import type { Conversation } from '../../model/types';

/** A conversation that can move its window to any message, by key or by id; false when it is not to be had. */
export interface Reaching { reach(keyOrId: string): Promise<boolean> }

export function reaches(conversation: Conversation): (Conversation & Reaching) | null {
  return 'reach' in conversation ? (conversation as Conversation & Reaching) : null;
}
