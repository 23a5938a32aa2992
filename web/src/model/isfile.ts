import type { Attachment } from './types.ts';

/** Whether it is a file with bytes somewhere, and no card. */
export const isFile = (attachment: Pick<Attachment, 'kind'>): boolean => !['location', 'contact', 'link'].includes(attachment.kind);

/** The address of a file with the key to it (XEP-0454). */
export const isSealedFile = (address: string): boolean => address.startsWith('aesgcm:');
