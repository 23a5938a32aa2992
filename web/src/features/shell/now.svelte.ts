/** The present minute, for words such as today and yesterday; reactive. */
class Now {
  #at = $state(Date.now());

  constructor() {
    setInterval(() => { this.#at = Date.now(); }, 30_000);
    addEventListener('visibilitychange', () => { this.#at = Date.now(); });
  }

  get at(): number { return this.#at; }
}

export const now = new Now();
