import type { Nudges } from './nudges.ts';

export interface ReconnectOptions {
  /** One attempt. @returns whether to go on trying where it fails. */
  attempt(): Promise<'connected' | 'retry' | 'give-up'>;
  /** Whether the connection still answers; it is dropped where it does not. */
  probe(): Promise<boolean>;
  nudges: Nudges;
  random?: () => number;
}

const FIRST = 500;
const LONGEST = 30_000;

/** Milliseconds before attempt `n` (from 0): 0.5 s, doubled up to 30 s, less up to a half so that not all come at once. */
export const backOff = (n: number, random: number): number => Math.min(LONGEST, FIRST * 2 ** n) * (0.5 + random / 2);

/**
 * Keeps a connection. Never asks the browser whether there is a network (it is wrong both ways): when something may have
 * changed, a living connection is probed and a waiting attempt is made at once.
 */
export class Reconnect {
  readonly #options: ReconnectOptions;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #state: 'stopped' | 'waiting' | 'trying' | 'connected' = 'stopped';
  #again = false;
  #unsubscribe: (() => void) | undefined;

  constructor(options: ReconnectOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#state !== 'stopped') return;
    this.#unsubscribe = this.#options.nudges(() => this.#nudge());
    void this.#try();
  }

  /** The connection is gone. The first attempt after a working one is made soon, unless it would only do the same again. */
  lost(slowly = false): void {
    if (this.#state !== 'connected') return;
    this.#failures = slowly ? 6 : 0;
    this.#wait();
  }

  stop(): void {
    this.#state = 'stopped';
    clearTimeout(this.#timer);
    this.#unsubscribe?.();
  }

  #nudge(): void {
    if (this.#state === 'connected') void this.#options.probe();
    else if (this.#state === 'waiting') void this.#try();
    // The network that this attempt began with may be gone; then the next one shall not wait.
    else if (this.#state === 'trying') this.#again = true;
  }

  #wait(): void {
    this.#state = 'waiting';
    clearTimeout(this.#timer);
    const delay = backOff(this.#failures, (this.#options.random ?? Math.random)());
    this.#timer = setTimeout(() => void this.#try(), this.#again ? 0 : delay);
    this.#again = false;
  }

  async #try(): Promise<void> {
    clearTimeout(this.#timer);
    this.#state = 'trying';
    const result = await this.#options.attempt();
    // Stopped meanwhile.
    if (this.#state !== 'trying') return;
    if (result === 'connected') {
      this.#state = 'connected';
      this.#again = false;
    } else if (result === 'give-up') {
      this.stop();
    } else {
      this.#failures++;
      this.#wait();
    }
  }
}
