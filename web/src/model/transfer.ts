/** How bytes go over HTTP; a test puts a server of its own in its place. */
export interface Transfer {
  /** @returns the status of the answer. @throws when there is none. */
  put(url: string, headers: Record<string, string>, blob: Blob, type: string, progress: (part: number) => void, signal: AbortSignal): Promise<number>;
  get(url: string, signal: AbortSignal): Promise<Response>;
  /** Where this page fetches what is at `url`, or sends it to. */
  address(url: string, sending?: boolean): string;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * The one place that knows where files are fetched and uploaded from this page. Our own server: directly, also when the page
 * was opened under another name of the same machine. Every other server's files come through ours, since neither the page's
 * policy nor theirs (CORS) lets it ask them, and they need not know who asks.
 */
export function fileAddress(url: string, here: URL, sending = false): string {
  const there = new URL(url);
  if (there.origin === here.origin) return there.href;
  if (LOOPBACK.has(there.hostname) && LOOPBACK.has(here.hostname) && there.port === here.port) return new URL(there.pathname + there.search, here.origin).href;
  // A slot is always our own server's, which may have another name for files; the page's policy knows it.
  if (sending) return there.href;
  return new URL(`/media?url=${encodeURIComponent(there.href)}`, here.origin).href;
}

/** The browser's. `fetch` tells nothing of what it has sent, XMLHttpRequest does. */
export const browserTransfer: Transfer = {
  put(url, headers, blob, type, progress, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const fail = (): void => reject(new Error('The upload has failed.'));
      request.open('PUT', url);
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.setRequestHeader('content-type', type);
      request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
      request.onload = () => resolve(request.status);
      request.onerror = request.onabort = request.ontimeout = fail;
      if (signal.aborted) return fail();
      signal.addEventListener('abort', () => request.abort(), { once: true });
      request.send(blob);
    });
  },
  get: (url, signal) => fetch(url, { signal, credentials: 'omit', referrerPolicy: 'no-referrer' }),
  address: (url, sending) => fileAddress(url, new URL(location.href), sending),
};
