import { keepMissing } from './keeping.ts';
import { kept } from './shell.ts';

// Written by the build: the files of the app, those that its first screen needs, and a name that changes with any of them.
declare const SHELL: readonly string[];
declare const FIRST: readonly string[];
declare const BUILD: string;
declare const self: ServiceWorkerGlobalScope;

const NAME = `nyala-${BUILD}`;
const files: ReadonlySet<string> = new Set(SHELL);

let keeping: Promise<void> | undefined;

/** On a first visit people wait for other things: the first screen is kept, the rest when the page has nothing to do. A new version comes whole. */
async function install(): Promise<void> {
  const isFirst = (await caches.keys()).every((name) => !name.startsWith('nyala-') || name === NAME);
  await keepMissing(await caches.open(NAME), isFirst ? FIRST : SHELL, caches);
}

function keepAll(): Promise<void> {
  keeping ??= caches.open(NAME).then((cache) => keepMissing(cache, SHELL, caches)).finally(() => (keeping = undefined));
  return keeping;
}

async function forget(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith('nyala-') && name !== NAME) await caches.delete(name);
}

async function answer(event: FetchEvent, file: string): Promise<Response> {
  const cache = await caches.open(NAME);
  return (await cache.match(file)) ?? fetch(event.request);
}

// A new version waits until a page says that nothing is lost by it; see src/model/update.ts.
self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(forget().then(() => self.clients.claim())));
self.addEventListener('message', (event) => {
  if (event.data === 'activate') event.waitUntil(self.skipWaiting());
  if (event.data === 'keep') event.waitUntil(keepAll());
});
self.addEventListener('fetch', (event) => {
  const file = kept(event.request, self.location.origin, files);
  if (file !== undefined) event.respondWith(answer(event, file));
});
