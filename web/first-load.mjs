import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names of the assets that a page asks for before it shows anything: what index.html names, everything that follows from it statically, and `also` with what follows from that. */
export async function firstLoad(folder, also) {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const first = new Set();
  const follow = async (name) => {
    if (first.has(name)) return;
    first.add(name);
    if (!name.endsWith('.js')) return;
    const text = await readFile(join(folder, 'assets', name), 'utf8');
    for (const match of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/gu)) await follow(match[1]);
  };
  for (const match of page.matchAll(/(?:src|href)="[^"]*?assets\/([\w.-]+\.(?:js|css))"/gu)) await follow(match[1]);
  const all = await readdir(join(folder, 'assets'));
  for (const name of all.filter((each) => also.test(each))) await follow(name);
  return first;
}
