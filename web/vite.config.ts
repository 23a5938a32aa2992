import { svelte } from '@sveltejs/vite-plugin-svelte';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { writeWorker } from './build-worker.ts';

/** What follows the build: the worker that keeps all of it, then everything packed once, as the server would for everybody. */
function finished(): Plugin {
  let [root, directory] = ['', ''];
  return {
    name: 'finished',
    apply: 'build',
    configResolved: (config) => void ([root, directory] = [config.root, resolve(config.root, config.build.outDir)]),
    async closeBundle() {
      await writeWorker(root, directory);
      await pack(directory);
    },
  };
}

async function pack(directory: string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true })) {
    if (!/\.(js|css|html|svg|webmanifest|json)$/.test(entry)) continue;
    const content = await readFile(join(directory, entry));
    await writeFile(join(directory, `${entry}.br`), await promisify(brotliCompress)(content));
    await writeFile(join(directory, `${entry}.gz`), await promisify(gzip)(content, { level: 9 }));
  }
}

export default defineConfig({
  plugins: [svelte(), finished()],
  build: {
    target: 'es2022',
    outDir: process.env['NYALA_WEB_OUT'] ?? '../artifacts/web',
    emptyOutDir: true,
    // The policy allows no data: scripts or styles and no inline module preload.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What the first load needs from the model in one file: it packs better than many small ones.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'kept', test: /\/src\/(?:model\/(?:db|chats|compose|housekeeping|roomstate|session)|xmpp\/(?:dom|errors|jid|ns))\.ts$|\/node_modules\/idb\// }] } } },
  },
  server: { strictPort: true },
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://localhost:5280/' } },
    include: ['src/**/*.test.ts', 'seed/**/*.test.ts', 'demo/**/*.test.ts', 'worker/**/*.test.ts'],
    testTimeout: 60_000,
  },
  // Under test too the browser build of Svelte, whose runes react; the server's holds values still.
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
});
