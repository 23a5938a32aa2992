import { attribute, child, children, el } from './dom.ts';
import { NS } from './ns.ts';

/** All reactions of somebody to a message, in place of those before (XEP-0444). */
export interface Reactions {
  id: string;
  emojis: string[];
}

const MOST = 20;

export function readReactions(message: Element): Reactions | undefined {
  const reactions = child(message, 'reactions', NS.reactions);
  const id = attribute(reactions, 'id');
  if (!id) return undefined;
  const emojis = children(reactions, 'reaction', NS.reactions).map((reaction) => reaction.textContent.trim());
  return { id, emojis: [...new Set(emojis.filter((emoji) => emoji !== '' && emoji.length <= 40))].slice(0, MOST) };
}

export const reactions = (to: Reactions): Element =>
  el('reactions', NS.reactions, { id: to.id }, ...to.emojis.map((emoji) => el('reaction', NS.reactions, {}, emoji)));
