import { attribute, child, el } from './dom.ts';
import { NS } from './ns.ts';

/** Delivery receipts (XEP-0184). */
export const requestReceipt = (): Element => el('request', NS.receipts);
export const wantsReceipt = (message: Element): boolean => !!child(message, 'request', NS.receipts);
export const receipt = (id: string): Element => el('received', NS.receipts, { id });

/** Which message arrived. */
export const readReceipt = (message: Element): string | undefined => attribute(child(message, 'received', NS.receipts), 'id');
