import type { Start } from '../../model/start';

const STEPS = 'nyala.steps';

/** Where the first one to come has got to: the server's address, until the steps are hidden. */
export interface Steps { address: string; isReachable: boolean }

export const expectSteps = (server: Start): void => { localStorage.setItem(STEPS, JSON.stringify({ address: server.address, isReachable: server.isReachable } satisfies Steps)); };
export const hideSteps = (): void => { localStorage.removeItem(STEPS); };

export function expectedSteps(): Steps | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(STEPS) ?? 'null') as Partial<Steps> | null;
    return typeof kept?.address === 'string' ? { address: kept.address, isReachable: kept.isReachable === true } : undefined;
  } catch { return undefined; }
}
