import { kept } from './shell.ts';

// Written by the build: the files of the app, and a name that changes with any of them.
declare const SHELL: readonly string[];
declare const BUILD: string;
declare const self: ServiceWorkerGlobalScope;

const NAME = `nyala-${BUILD}`;
const files: ReadonlySet<string> = new Set(SHELL);

/** Takes over from earlier builds what has not changed: names of assets hold the hash of their content. */
async function keep(): Promise<void> {
  const cache = await caches.open(NAME);
  for (const file of SHELL) {
    const same = file.startsWith('/assets/') ? await caches.match(file) : undefined;
    if (same) await cache.put(file, same);
    else await cache.add(new Request(file, { cache: 'no-cache' }));
  }
}

async function forget(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith('nyala-') && name !== NAME) await caches.delete(name);
}

async function answer(event: FetchEvent, file: string): Promise<Response> {
  const cache = await caches.open(NAME);
  return (await cache.match(file)) ?? fetch(event.request);
}

// A new version waits until a page says that nothing is lost by it; see src/model/update.ts.
self.addEventListener('install', (event) => event.waitUntil(keep()));
self.addEventListener('activate', (event) => event.waitUntil(forget().then(() => self.clients.claim())));
self.addEventListener('message', (event) => {
  if (event.data === 'activate') event.waitUntil(self.skipWaiting());
});
self.addEventListener('fetch', (event) => {
  const file = kept(event.request, self.location.origin, files);
  if (file !== undefined) event.respondWith(answer(event, file));
});
