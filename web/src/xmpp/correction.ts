import { attribute, child, el } from './dom.ts';
import { NS } from './ns.ts';

/** Last message correction (XEP-0308). */
export const replace = (id: string): Element => el('replace', NS.correct, { id });
export const readReplace = (message: Element): string | undefined => attribute(child(message, 'replace', NS.correct), 'id');
