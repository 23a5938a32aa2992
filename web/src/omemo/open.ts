import { OmemoClient, type Runner } from './client.ts';
import type { Call, Reply } from './rpc.ts';
import { OmemoError, type Omemo, type Store } from './types.ts';

/** The worker starts with the first operation; one that dies fails what it was at, and the next operation starts another. */
class WorkerRunner implements Runner {
  #worker: Worker | undefined;
  readonly #waiting = new Map<number, { resolve(reply: Reply): void; reject(error: OmemoError): void }>();

  run(call: Call): Promise<Reply> {
    return new Promise((resolve, reject) => {
      try {
        // A reactive proxy cannot be posted; that is a mistake of the caller, and no reason to wait for ever.
        (this.#worker ??= this.#start()).postMessage(call);
        this.#waiting.set(call.id, { resolve, reject });
      } catch (error) {
        reject(new OmemoError('failed', String(error)));
      }
    });
  }

  close(): void {
    this.#end('closed');
  }

  #start(): Worker {
    const worker = new Worker(new URL('./omemo.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      this.#waiting.get(data.id)?.resolve(data);
      this.#waiting.delete(data.id);
    };
    worker.onerror = (event) => {
      this.#end(event.message);
    };
    worker.onmessageerror = () => {
      this.#end('message');
    };
    return worker;
  }

  #end(why: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    for (const { reject } of this.#waiting.values()) reject(new OmemoError('failed', why));
    this.#waiting.clear();
  }
}

export function openOmemo(store: Store): Omemo {
  return new OmemoClient(store, new WorkerRunner());
}
