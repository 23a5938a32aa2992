/** What a request of the app gets from what is kept: the page, a file, or nothing (then the network answers, as if there were no worker). */
export function kept(request: { method: string; mode: string; url: string }, origin: string, files: ReadonlySet<string>): string | undefined {
  if (request.method !== 'GET') return undefined;
  const url = new URL(request.url);
  if (url.origin !== origin) return undefined;
  if (request.mode === 'navigate') return isPage(url) ? '/' : undefined;
  return url.search === '' && files.has(url.pathname) ? url.pathname : undefined;
}

/** The app's own addresses; `?apps` is the page for other apps. */
const isPage = (url: URL): boolean => url.pathname === '/' || (/^\/invite\/[^/]+$/u.test(url.pathname) && !url.searchParams.has('apps'));
