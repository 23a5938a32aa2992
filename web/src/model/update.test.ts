import { afterEach, describe, expect, it, vi } from 'vitest';
import { Update } from './update.ts';

/** What a browser does with workers, one step at a time. */
class Container extends EventTarget {
  controller: object | null = null;
  readonly registration = Object.assign(new EventTarget(), { installing: null as EventTarget | null, waiting: null as { postMessage: (word: string) => void } | null, update: () => Promise.resolve() });
  readonly words: string[] = [];
  readonly ready = Promise.resolve({ active: { postMessage: (word: string) => void this.words.push(word) } });
  register = (): Promise<unknown> => Promise.resolve(this.registration);

  /** A worker takes over the page. */
  takesOver(): void {
    this.controller = {};
    this.registration.waiting = null;
    this.dispatchEvent(new Event('controllerchange'));
  }

  /** A newer worker is there and waits. */
  waits(): void {
    const installing = new EventTarget();
    this.registration.installing = installing;
    this.registration.dispatchEvent(new Event('updatefound'));
    this.registration.waiting = { postMessage: (word) => word === 'activate' && this.takesOver() };
    installing.dispatchEvent(new Event('statechange'));
  }
}

async function begin(container: Container): Promise<{ update: Update; ready: ReturnType<typeof vi.fn>; reload: ReturnType<typeof vi.fn> }> {
  const [ready, reload] = [vi.fn(), vi.fn()];
  const update = new Update({ settled: () => Promise.resolve(true), ready, reload, container: container as unknown as ServiceWorkerContainer, idle: (work) => idle.push(work) });
  await update.start();
  return { update, ready, reload };
}

const idle: (() => void)[] = [];

afterEach(() => { idle.length = 0; vi.restoreAllMocks(); });

it('what the first screen does not need is kept when the page has nothing to do', async () => {
  const container = new Container();
  await begin(container);
  await container.ready;
  expect(container.words).toEqual([]);
  for (const work of idle) work();
  expect(container.words).toEqual(['keep']);
});

describe('a new version', () => {
  it('is no news to a page that the first worker has just taken over', async () => {
    const container = new Container();
    const { ready, reload } = await begin(container);
    container.takesOver();
    expect(ready).not.toHaveBeenCalled();
    expect(reload).not.toHaveBeenCalled();
  });

  it.each(['from its first visit on', 'since it was opened again'])('is taken by who asks for it, on a page that has a worker %s', async (since) => {
    const container = new Container();
    if (since !== 'from its first visit on') container.takesOver();
    const { update, ready, reload } = await begin(container);
    if (since === 'from its first visit on') container.takesOver();
    container.waits();
    expect(ready).toHaveBeenCalledOnce();
    expect(reload).not.toHaveBeenCalled();
    update.now();
    expect(reload).toHaveBeenCalledOnce();
  });
});
