import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { allPainted } from './painted.ts';
import { story } from './story.ts';

/** What happened before the demo begins, in each language, and the pictures in it, for the server that tells it. */
const stories = (): Plugin => ({
  name: 'stories',
  generateBundle() {
    for (const language of ['id', 'en'] as const) this.emitFile({ type: 'asset', fileName: `story.${language}.json`, source: JSON.stringify(story(language)) });
    for (const { file, bytes } of allPainted()) this.emitFile({ type: 'asset', fileName: `painted/${file}`, source: bytes });
  },
});

/** Builds the demo's page, which `nyala run --demo` serves itself. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: false,
  plugins: [svelte({ configFile: '../svelte.config.js' }), stories()],
  build: { target: 'es2022', outDir: process.env['NYALA_DEMO_OUT'] ?? '../../artifacts/demo', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
