/** What many wait for. */
export class Gate {
  readonly #waiting = new Set<() => void>();

  wait(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  release(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
