/** What a tab tells the others. */
export type Notice =
  | { kind: 'changed'; chats: string[] }
  | { kind: 'room'; jid: string }
  | { kind: 'outbox' }
  | { kind: 'connection'; state: 'offline' | 'connecting' | 'online'; since: number | null }
  | { kind: 'typing'; chat: string; names: string[] }
  | { kind: 'presence'; jid: string; online: boolean }
  | { kind: 'last-seen'; jid: string; at: number }
  | { kind: 'people' }
  | { kind: 'arrived'; key: string; chat: string }
  | { kind: 'progress'; key: string; part: number }
  | { kind: 'signed-out' }
  | { kind: 'looked-at'; tab: string; on: boolean }
  | { kind: 'catching-up'; on: boolean }
  | { kind: 'clock'; offset: number }
  | { kind: 'hello' };

export type Tell = (notice: Notice) => unknown;

type Envelope =
  | { notice: Notice }
  | { ask: string; method: string; args: unknown[] }
  | { answer: string; result?: unknown; error?: string };

export interface TabsOptions {
  account: string;
  /** This tab now owns the connection. */
  lead(): void;
  notice(notice: Notice): void;
  /** Does for another tab what only the leader can. */
  serve(method: string, args: unknown[]): Promise<unknown>;
  locks?: Pick<LockManager, 'request'> | undefined;
}

/**
 * One tab leads and owns the connection, the others follow: Web Locks name the leader, and the browser names the next one when
 * it goes. Data goes through the database, which all tabs see; here they only say that something has changed, and ask.
 */
export class Tabs {
  readonly #options: TabsOptions;
  readonly #channel: BroadcastChannel;
  readonly #asked = new Map<string, { resolve(value: unknown): void; reject(error: Error): void }>();
  #release: (() => void) | undefined;
  #closed = false;
  leading = false;

  constructor(options: TabsOptions) {
    this.#options = options;
    this.#channel = new BroadcastChannel(`nyala:${options.account}`);
    this.#channel.onmessage = (event: MessageEvent<Envelope>) => this.#received(event.data);
    const locks = options.locks ?? navigator.locks;
    void locks.request(`nyala:${options.account}`, () => {
      if (this.#closed) return Promise.resolve();
      this.leading = true;
      options.lead();
      return new Promise<void>((resolve) => (this.#release = resolve));
    });
    this.tell({ kind: 'hello' });
  }

  tell(notice: Notice): void {
    this.#post({ notice });
  }

  /** Asks the leader. @throws Error when it cannot, or nobody leads within ten seconds. */
  ask(method: string, ...args: unknown[]): Promise<unknown> {
    if (this.leading) return this.#options.serve(method, args);
    const id = crypto.randomUUID();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#asked.get(id)?.reject(new Error('No tab leads.')), 10_000);
      const settle = (): void => {
        clearTimeout(timer);
        this.#asked.delete(id);
      };
      this.#asked.set(id, {
        resolve: (value) => (settle(), resolve(value)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#post({ ask: id, method, args });
    });
  }

  close(): void {
    this.#closed = true;
    this.leading = false;
    this.#channel.close();
    this.#release?.();
  }

  #received(envelope: Envelope): void {
    if ('notice' in envelope) this.#options.notice(envelope.notice);
    else if ('answer' in envelope) {
      const asked = this.#asked.get(envelope.answer);
      if (envelope.error === undefined) asked?.resolve(envelope.result);
      else asked?.reject(new Error(envelope.error));
    } else if (this.leading) {
      this.#options.serve(envelope.method, envelope.args).then(
        (result) => this.#post({ answer: envelope.ask, result }),
        (error: unknown) => this.#post({ answer: envelope.ask, error: error instanceof Error ? error.message : String(error) }),
      );
    }
  }

  #post(envelope: Envelope): void {
    if (!this.#closed) this.#channel.postMessage(envelope);
  }
}
