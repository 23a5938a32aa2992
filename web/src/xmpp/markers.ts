import { attribute, child, el } from './dom.ts';
import { NS } from './ns.ts';

/** Displayed markers (XEP-0333). */
export const markable = (): Element => el('markable', NS.markers);
export const isMarkable = (message: Element): boolean => !!child(message, 'markable', NS.markers);
export const displayed = (id: string): Element => el('displayed', NS.markers, { id });

/** Up to which message somebody has read. */
export const readDisplayedMarker = (message: Element): string | undefined => attribute(child(message, 'displayed', NS.markers), 'id');
