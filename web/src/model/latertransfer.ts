import type { Transfer } from './transfer.ts';

/** The browser's way to move files, loaded with the first of them. */
export const laterTransfer: Transfer = {
  put: async (...file) => (await import('./transfer.ts')).browserTransfer.put(...file),
  get: async (...file) => (await import('./transfer.ts')).browserTransfer.get(...file),
};
