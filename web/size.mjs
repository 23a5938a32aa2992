/** Fails when the first load is over budget (what index.html asks for, everything that follows from it statically, and one catalogue), or the worker of OMEMO. `node size.mjs [folder]`, after a build. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';
import { firstLoad } from './first-load.mjs';

const folder = process.argv[2] ?? new URL('../artifacts/web', import.meta.url).pathname;
const budget = { js: 70 * 1024, css: 15 * 1024, omemo: 30 * 1024 };
const lazy = ['Viewer', 'EmojiPicker', 'ChatInfo', 'MessageInfo', 'Settings', 'NewChat', 'ForwardDialog', 'AttachDialog', 'Recorder', 'Doors', 'Steps', 'UpdateNotice', 'ConversationView'];

const first = await firstLoad(folder, /^id-[\w-]+\.js$/u);
const all = await readdir(join(folder, 'assets'));

let failed = false;
const sums = { js: 0, css: 0 };
for (const name of first) sums[name.endsWith('.css') ? 'css' : 'js'] += gzipSync(await readFile(join(folder, 'assets', name)), { level: 9 }).length;
for (const kind of ['js', 'css']) {
  const over = sums[kind] > budget[kind];
  failed ||= over;
  process.stdout.write(`first load ${kind}: ${(sums[kind] / 1024).toFixed(1)} of ${budget[kind] / 1024} KB gzip${over ? ' — over budget' : ''}\n`);
}
for (const name of lazy) {
  if (![...first].some((each) => each.startsWith(`${name}-`)) && all.some((each) => each.startsWith(`${name}-`) && each.endsWith('.js'))) continue;
  failed = true;
  process.stdout.write(`${name} is not loaded lazily\n`);
}

/** The worker of OMEMO, which holds all of its cryptography: as it was built, or built here while nothing in the app starts it. */
async function omemoWorker() {
  const built = all.find((name) => /^omemo\.worker-[\w-]+\.js$/u.test(name));
  if (built) return readFile(join(folder, 'assets', built));
  const input = new URL('src/omemo/omemo.worker.ts', import.meta.url).pathname;
  const { output } = await build({ configFile: false, logLevel: 'error', publicDir: false, build: { write: false, target: 'es2022', rollupOptions: { input } } });
  return Buffer.concat(output.map((chunk) => Buffer.from(chunk.code ?? '')));
}

const worker = gzipSync(await omemoWorker(), { level: 9 }).length;
failed ||= worker > budget.omemo;
process.stdout.write(`OMEMO worker: ${(worker / 1024).toFixed(1)} of ${budget.omemo / 1024} KB gzip${worker > budget.omemo ? ' — over budget' : ''}\n`);
process.exitCode = failed ? 1 : 0;
