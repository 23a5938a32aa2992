import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';
import { firstLoad } from './first-load.mjs';

/** Writes `sw.js` with the list of all that the app is made of, so that a browser can keep it whole. */
export async function writeWorker(root: string, directory: string): Promise<void> {
  const { shell, name } = await list(directory);
  // What one chats with too, so that who loses the network in the first seconds can go on.
  const assets = await firstLoad(directory, /^(?:id|en|engine|ConversationView)-[\w-]+\.(?:js|css)$/u);
  const first = shell.filter((file) => file === '/' || assets.has(file.replace('/assets/', '')));
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    define: { SHELL: JSON.stringify(shell), FIRST: JSON.stringify(first), BUILD: JSON.stringify(name) },
    build: {
      outDir: directory,
      emptyOutDir: false,
      target: 'es2022',
      rollupOptions: { input: join(root, 'worker/sw.ts'), output: { format: 'iife', entryFileNames: 'sw.js' } },
    },
  });
}

/** Every file as its address, and a name that changes with any of them. */
async function list(directory: string): Promise<{ shell: string[]; name: string }> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1).replaceAll('\\', '/'));
  const hash = createHash('sha256');
  const shell: string[] = [];
  for (const path of paths.filter((each) => each !== 'sw.js' && !/\.(?:br|gz|map)$/u.test(each)).sort()) {
    hash.update(path).update(await readFile(join(directory, path)));
    shell.push(path === 'index.html' ? '/' : `/${path}`);
  }
  return { shell, name: hash.digest('hex').slice(0, 12) };
}
