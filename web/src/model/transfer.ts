/** What our server wants to see before it fetches other servers' files for us; `fresh`: the last one was not good any more. */
export type Pass = (fresh: boolean) => Promise<string>;

/** How bytes go over HTTP; a test puts a server of its own in its place. */
export interface Transfer {
  /** @returns the status of the answer. @throws when there is none. */
  put(url: string, headers: Record<string, string>, blob: Blob, type: string, progress: (part: number) => void, signal: AbortSignal): Promise<number>;
  get(url: string, signal: AbortSignal, pass: Pass): Promise<Response>;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Where this page asks for what is at `url`: our own server, also when the page was opened under another name of the same machine. */
export function near(url: string, here: URL): URL {
  const there = new URL(url);
  const same = LOOPBACK.has(there.hostname) && LOOPBACK.has(here.hostname) && there.port === here.port;
  return same ? new URL(there.pathname + there.search, here.origin) : there;
}

/**
 * Other servers' files come through ours, since neither the page's policy nor theirs (CORS) lets it ask them, and they need not know
 * who asks. Undefined for our own.
 */
export function through(url: string, here: URL): URL | undefined {
  const there = near(url, here);
  return there.origin === here.origin ? undefined : new URL(`/media?url=${encodeURIComponent(there.href)}`, here.origin);
}

/** The browser's. `fetch` tells nothing of what it has sent, XMLHttpRequest does. */
export const browserTransfer: Transfer = {
  put(url, headers, blob, type, progress, signal) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const fail = (): void => reject(new Error('The upload has failed.'));
      request.open('PUT', near(url, new URL(location.href)));
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
  async get(url, signal, pass) {
    const here = new URL(location.href);
    const options = { signal, credentials: 'omit', referrerPolicy: 'no-referrer' } as const;
    const proxy = through(url, here);
    if (!proxy) return fetch(near(url, here), options);
    const ask = async (fresh: boolean): Promise<Response> => fetch(proxy, { ...options, headers: { authorization: `Bearer ${await pass(fresh)}` } });
    const answer = await ask(false);
    return answer.status === 401 ? ask(true) : answer;
  },
};
