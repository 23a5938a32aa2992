import { describe, expect, it } from 'vitest';
import { kept } from './shell.ts';

const ORIGIN = 'https://chat.example.org';
const files = new Set(['/', '/assets/index-abc.js', '/icon.svg']);
const ask = (path: string, mode = 'cors', method = 'GET'): string | undefined => kept({ method, mode, url: new URL(path, ORIGIN).href }, ORIGIN, files);

describe('what the worker answers', () => {
  it.each(['/', '/?from=home', '/invite/abc'])('the page for %s', (path) => expect(ask(path, 'navigate')).toBe('/'));
  it.each(['/invite/abc?apps', '/invite/', '/export/abc', '/healthz', '/files/abc/photo.jpg'])('no page for %s', (path) => expect(ask(path, 'navigate')).toBeUndefined());
  it('files of the app', () => expect(ask('/assets/index-abc.js')).toBe('/assets/index-abc.js'));
  it.each(['/start', '/start/invite/abc', '/register', '/assets/other.js', '/icon.svg?2', '/http-bind', '/.well-known/host-meta'])('nothing for %s', (path) => expect(ask(path)).toBeUndefined());
  it('nothing that changes something', () => expect(ask('/', 'navigate', 'POST')).toBeUndefined());
  it('nothing of other origins', () => expect(ask('https://elsewhere.example/assets/index-abc.js')).toBeUndefined());
});
