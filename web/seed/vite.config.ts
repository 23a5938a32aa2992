import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Builds the seed app for pictures, with the same options as the real one. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  publicDir: '../public',
  plugins: [svelte({ configFile: '../svelte.config.js' })],
  build: { target: 'es2022', outDir: process.env['NYALA_SEED'] ?? '../../artifacts/seed', emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
