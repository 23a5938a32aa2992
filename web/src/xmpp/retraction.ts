import { attribute, child, el, iq } from './dom.ts';
import { NS } from './ns.ts';

/** What is retracted (XEP-0424); in rooms the id is the archive's, with `moderated` it was a moderator (XEP-0425). */
export interface Retraction {
  id: string;
  moderated: boolean;
}

export function readRetraction(message: Element): Retraction | undefined {
  const retract = child(message, 'retract', NS.retract);
  const id = attribute(retract, 'id');
  return id ? { id, moderated: !!child(retract, 'moderated', NS.moderate) } : undefined;
}

/** A tombstone in the place of the message itself (§5). */
export const isTombstone = (message: Element): boolean => !!child(message, 'retracted', NS.retract);

export const retraction = (id: string): Element[] => [el('retract', NS.retract, { id }), el('fallback', NS.fallback, { for: NS.retract })];

export const moderate = (room: string, stanzaId: string): Element =>
  iq('set', { to: room }, el('moderate', NS.moderate, { id: stanzaId }, el('retract', NS.retract)));
