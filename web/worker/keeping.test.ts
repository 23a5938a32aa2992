import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { keepMissing } from './keeping.ts';

/** A request as it was made; the one of the tests' browser knows no cache. */
class Asked {
  readonly path: string;
  readonly cache: string;
  constructor(path: string, { cache = '' }: RequestInit) {
    [this.path, this.cache] = [path, cache];
  }
}

beforeEach(() => { vi.stubGlobal('Request', Asked); });
afterEach(() => { vi.unstubAllGlobals(); });

/** What a browser keeps, and what it is asked for on the way. */
class Shelf {
  readonly files = new Map<string, string>();
  readonly asked: { path: string; cache: string }[] = [];
  fails: string | undefined;
  match = (file: string): Promise<Response | undefined> => Promise.resolve(this.files.has(file) ? new Response(this.files.get(file)) : undefined);
  put = async (file: string, response: Response): Promise<void> => void this.files.set(file, await response.text());
  add = ({ path, cache }: Asked): Promise<void> => {
    this.asked.push({ path, cache });
    if (path === this.fails) return Promise.reject(new TypeError('offline'));
    this.files.set(path, 'new');
    return Promise.resolve();
  };
}

const FILES = ['/', '/assets/a-1.js', '/assets/b-2.js', '/icon.svg'];
const keep = (cache: Shelf, earlier: Shelf, files = FILES): Promise<void> => keepMissing(cache as unknown as Cache, files, earlier as unknown as CacheStorage);

it('the rest is kept after what came first, and nothing is asked for twice', async () => {
  const [cache, earlier] = [new Shelf(), new Shelf()];
  await keep(cache, earlier, ['/', '/assets/a-1.js']);
  expect(cache.asked.map(({ path }) => path)).toEqual(['/', '/assets/a-1.js']);
  await keep(cache, earlier);
  expect(cache.asked.map(({ path }) => path)).toEqual(FILES);
  expect([...cache.files.keys()]).toEqual(FILES);
});

it('what was cut off goes on where it was', async () => {
  const [cache, earlier] = [new Shelf(), new Shelf()];
  cache.fails = '/assets/b-2.js';
  await expect(keep(cache, earlier)).rejects.toThrow('offline');
  cache.fails = undefined;
  await keep(cache, earlier);
  expect(cache.asked.map(({ path }) => path)).toEqual(['/', '/assets/a-1.js', '/assets/b-2.js', '/assets/b-2.js', '/icon.svg']);
});

it('only what the name tells apart comes from earlier builds or from what the page has loaded', async () => {
  const [cache, earlier] = [new Shelf(), new Shelf()];
  for (const file of ['/', '/assets/a-1.js']) earlier.files.set(file, 'old');
  await keep(cache, earlier);
  expect(cache.files.get('/assets/a-1.js')).toBe('old');
  expect(cache.asked).toEqual([{ path: '/', cache: 'no-cache' }, { path: '/assets/b-2.js', cache: 'default' }, { path: '/icon.svg', cache: 'no-cache' }]);
});
