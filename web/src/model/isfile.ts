import type { Attachment } from './types.ts';

/** Whether it is a file with bytes somewhere, and no card. */
export const isFile = (attachment: Pick<Attachment, 'kind'>): boolean => !['location', 'contact', 'link'].includes(attachment.kind);
