/** Milliseconds that the app must have been out of sight before it is renewed by itself. */
const HIDDEN_FOR = 30_000;
const ANSWER_WITHIN = 1_000;

type Word = { ask: string } | { answer: string; ready: boolean };

export interface UpdateOptions {
  /** Nothing waits to be sent. */
  settled(): Promise<boolean>;
  /** There is a new version, for who wants it now. */
  ready(): void;
  container?: ServiceWorkerContainer;
  reload?: () => void;
  /** Does something once there is nothing else to do. */
  idle?: (work: () => void) => void;
}

/** Milliseconds in which a page that was just opened has better things to load. */
const SETTLING = 3_000;

/**
 * Keeps the app in the browser, and renews it only when nobody can notice: every tab is out of sight for a while and everything
 * is sent. Until then, or until somebody asks for it, the new version waits.
 */
export class Update {
  readonly #options: UpdateOptions;
  readonly #container: ServiceWorkerContainer;
  readonly #channel = new BroadcastChannel('nyala-update');
  readonly #answers = new Map<string, (ready: boolean) => void>();
  #hiddenSince: number | undefined = document.hidden ? Date.now() : undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waiting: ServiceWorker | undefined;
  #asked = false;

  constructor(options: UpdateOptions) {
    this.#options = options;
    this.#container = options.container ?? navigator.serviceWorker;
    this.#channel.onmessage = (event: MessageEvent<Word>) => void this.#heard(event.data);
  }

  async start(): Promise<void> {
    // The first worker takes over a page that is as new as itself; later ones bring another page.
    let controlled = this.#container.controller !== null;
    this.#container.addEventListener('controllerchange', () => {
      if (controlled) this.#replaced();
      controlled = true;
    });
    const registration = await this.#container.register('/sw.js', { updateViaCache: 'none' });
    this.#watch(registration);
    // The first visit brings only what the first screen needs; the worker knows what is still missing.
    void this.#container.ready.then(({ active }) => (this.#options.idle ?? whenIdle)(() => active?.postMessage('keep')));
    registration.addEventListener('updatefound', () => registration.installing?.addEventListener('statechange', () => this.#watch(registration)));
    document.addEventListener('visibilitychange', () => {
      this.#hiddenSince = document.hidden ? Date.now() : undefined;
      if (document.hidden) this.#later();
      else void registration.update().catch(() => undefined);
    });
  }

  /** Takes the new version now. */
  now(): void {
    this.#asked = true;
    this.#waiting?.postMessage('activate');
  }

  #watch(registration: ServiceWorkerRegistration): void {
    if (!registration.waiting || this.#container.controller === null || this.#waiting === registration.waiting) return;
    this.#waiting = registration.waiting;
    this.#options.ready();
    if (document.hidden) this.#later();
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (this.#waiting) this.#timer = setTimeout(() => void this.#try(), HIDDEN_FOR);
  }

  async #try(): Promise<void> {
    if (await this.#mayBeRenewed()) {
      if (await this.#others()) this.now();
      else this.#later();
    } else if (document.hidden) this.#later();
  }

  async #mayBeRenewed(): Promise<boolean> {
    return this.#hiddenSince !== undefined && Date.now() - this.#hiddenSince >= HIDDEN_FOR && (await this.#options.settled());
  }

  /** Whether no other tab says no. */
  #others(): Promise<boolean> {
    const id = crypto.randomUUID();
    return new Promise((resolve) => {
      const settle = (ready: boolean): void => {
        clearTimeout(timer);
        this.#answers.delete(id);
        resolve(ready);
      };
      const timer = setTimeout(() => settle(true), ANSWER_WITHIN);
      this.#answers.set(id, (ready) => {
        if (!ready) settle(false);
      });
      this.#channel.postMessage({ ask: id } satisfies Word);
    });
  }

  async #heard(word: Word): Promise<void> {
    if ('ask' in word) this.#channel.postMessage({ answer: word.ask, ready: await this.#mayBeRenewed() } satisfies Word);
    else this.#answers.get(word.answer)?.(word.ready);
  }

  /** The page belongs to the version before; somebody who is looking at it is not interrupted where another tab has asked. */
  #replaced(): void {
    if (document.hidden || this.#asked) this.#reload();
    else document.addEventListener('visibilitychange', () => this.#reload(), { once: true });
  }

  #reload(): void {
    (this.#options.reload ?? (() => location.reload()))();
  }
}

function whenIdle(work: () => void): void {
  setTimeout(() => ('requestIdleCallback' in window ? requestIdleCallback(work) : work()), SETTLING);
}
