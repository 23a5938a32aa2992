/** Deletes what is left of accounts that were signed out; where it cannot, the next start does. */
export const sweepLater = (): Promise<unknown> => import('./sweep.ts').then(({ sweep }) => sweep()).catch(() => undefined);
