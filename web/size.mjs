/** Fails when the first load is over budget: what index.html asks for, everything that follows from it statically, and one catalogue. `node size.mjs [folder]`, after a build. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = process.argv[2] ?? new URL('../artifacts/web', import.meta.url).pathname;
const budget = { js: 70 * 1024, css: 15 * 1024 };
const lazy = ['Viewer', 'EmojiPicker', 'ChatInfo', 'MessageInfo', 'Settings', 'NewChat', 'ForwardDialog', 'AttachDialog', 'Recorder', 'Doors', 'Steps', 'UpdateNotice', 'ConversationView'];

const page = await readFile(join(folder, 'index.html'), 'utf8');
const first = new Set();

async function follow(path) {
  const name = path.split('/').at(-1) ?? '';
  if (first.has(name)) return;
  first.add(name);
  if (!name.endsWith('.js')) return;
  const text = await readFile(join(folder, 'assets', name), 'utf8');
  for (const match of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/gu)) await follow(match[1]);
}

for (const match of page.matchAll(/(?:src|href)="[^"]*?assets\/([\w.-]+\.(?:js|css))"/gu)) await follow(match[1]);
const all = await readdir(join(folder, 'assets'));
const shell = all.filter((name) => /^id-[\w-]+\.js$/u.test(name));
for (const name of shell) await follow(name);

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
process.exitCode = failed ? 1 : 0;
