import { svelte } from '@sveltejs/vite-plugin-svelte';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const PAGE = fileURLToPath(new URL('../../artifacts/web-e2e/page', import.meta.url));

/** Builds the page that the tests drive, as the app itself is built. */
export default async function buildPage(): Promise<void> {
  await build({
    root: fileURLToPath(new URL('./page', import.meta.url)),
    configFile: false,
    logLevel: 'warn',
    plugins: [svelte({ configFile: false })],
    build: { outDir: PAGE, emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } },
  });
}
