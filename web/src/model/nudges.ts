/** What a tab's surroundings tell: only that something may be different. */
export type Nudges = (nudge: () => void) => () => void;

/** What a browser tells of. */
export const browserNudges: Nudges = (nudge) => {
  const shown = (): void => {
    if (document.visibilityState === 'visible') nudge();
  };
  const connection = (navigator as { connection?: EventTarget }).connection;
  addEventListener('online', nudge);
  addEventListener('pageshow', nudge);
  document.addEventListener('visibilitychange', shown);
  connection?.addEventListener('change', nudge);
  return () => {
    removeEventListener('online', nudge);
    removeEventListener('pageshow', nudge);
    document.removeEventListener('visibilitychange', shown);
    connection?.removeEventListener('change', nudge);
  };
};
