import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserTransfer, near, through } from './transfer.ts';

const here = new URL('https://example.org/#chat');

describe('where files are fetched', () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ['https://example.org/files/1/a.jpg', undefined],
    ['https://other.example/1/a.jpg?b=c', 'https://example.org/media?url=https%3A%2F%2Fother.example%2F1%2Fa.jpg%3Fb%3Dc'],
    ['https://example.org:8443/a.jpg', 'https://example.org/media?url=https%3A%2F%2Fexample.org%3A8443%2Fa.jpg'],
  ])('knows our own server from others: %s', (url, expected) => {
    expect(through(url, here)?.href).toBe(expected);
  });

  it('knows this machine by its other names', () => {
    expect(near('http://localhost:5280/files/1/a', new URL('http://127.0.0.1:5280/')).href).toBe('http://127.0.0.1:5280/files/1/a');
    expect(through('http://localhost:5281/a', new URL('http://127.0.0.1:5280/'))?.pathname).toBe('/media');
  });

  it('shows a pass for what is on other servers, and a new one when that is not good any more', async () => {
    vi.stubGlobal('location', { href: here.href });
    const shown: (string | null)[] = [];
    vi.stubGlobal('fetch', (_url: URL, options: RequestInit) => {
      const pass = new Headers(options.headers).get('authorization');
      shown.push(pass);
      return Promise.resolve(new Response('', { status: pass === 'Bearer old' ? 401 : 200 }));
    });
    const pass = (fresh: boolean): Promise<string> => Promise.resolve(fresh ? 'new' : 'old');
    const { signal } = new AbortController();
    expect((await browserTransfer.get('https://other.example/a', signal, pass)).status).toBe(200);
    await browserTransfer.get('https://example.org/a', signal, pass);
    expect(shown).toEqual(['Bearer old', 'Bearer new', null]);
  });
});
