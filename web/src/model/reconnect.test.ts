import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backOff, Reconnect } from './reconnect.ts';

let attempts: number;
let outcome: 'connected' | 'retry' | 'give-up';
let probes: number;
let nudge: () => void;
let keeper: Reconnect;

beforeEach(() => {
  vi.useFakeTimers();
  attempts = probes = 0;
  outcome = 'retry';
  keeper = new Reconnect({
    attempt: () => (attempts++, Promise.resolve(outcome)),
    probe: () => (probes++, Promise.resolve(true)),
    nudges: (changed) => ((nudge = changed), () => (nudge = () => undefined)),
    random: () => 1,
  });
});
afterEach(() => {
  keeper.stop();
  vi.useRealTimers();
});

describe('trying again', () => {
  it('waits 0.5 s, doubled up to 30 s, less up to a half', () => {
    expect([0, 1, 2, 3, 6, 60].map((n) => backOff(n, 1))).toEqual([500, 1000, 2000, 4000, 30_000, 30_000]);
    expect(backOff(0, 0)).toBe(250);
  });

  it('goes on until it is connected, and begins anew after a loss', async () => {
    keeper.start();
    await vi.advanceTimersByTimeAsync(1000 + 2000);
    expect(attempts).toBe(3);
    outcome = 'connected';
    await vi.advanceTimersByTimeAsync(4000);
    expect(attempts).toBe(4);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(attempts).toBe(4);
    keeper.lost();
    await vi.advanceTimersByTimeAsync(500);
    expect(attempts).toBe(5);
  });

  it('waits long after a conflict', async () => {
    outcome = 'connected';
    keeper.start();
    await vi.advanceTimersByTimeAsync(0);
    keeper.lost(true);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(attempts).toBe(1);
    await vi.advanceTimersByTimeAsync(1000);
    expect(attempts).toBe(2);
  });

  it('does not wait when something has changed', async () => {
    keeper.start();
    await vi.advanceTimersByTimeAsync(60_000);
    const before = attempts;
    nudge();
    await vi.advanceTimersByTimeAsync(0);
    expect(attempts).toBe(before + 1);
  });

  it('probes a living connection instead', async () => {
    outcome = 'connected';
    keeper.start();
    await vi.advanceTimersByTimeAsync(0);
    nudge();
    expect([attempts, probes]).toEqual([1, 1]);
  });

  it('ends when it is told to, and when it is of no use', async () => {
    outcome = 'give-up';
    keeper.start();
    await vi.advanceTimersByTimeAsync(100_000);
    nudge();
    expect(attempts).toBe(1);
  });
});
