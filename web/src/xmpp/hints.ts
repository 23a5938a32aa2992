import { el } from './dom.ts';
import { NS } from './ns.ts';

/** Processing hints (XEP-0334). */
export const store = (): Element => el('store', NS.hints);
export const noStore = (): Element => el('no-store', NS.hints);
