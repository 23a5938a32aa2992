import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: 'es2022',
    outDir: process.env['NYALA_WEB_OUT'] ?? '../artifacts/web',
    emptyOutDir: true,
    // The policy allows no data: scripts or styles and no inline module preload.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { strictPort: true },
  test: {
    environment: 'happy-dom',
    environmentOptions: { happyDOM: { url: 'http://localhost:5280/' } },
    include: ['src/**/*.test.ts', 'seed/**/*.test.ts'],
    testTimeout: 60_000,
  },
  // Under test too the browser build of Svelte, whose runes react; the server's holds values still.
  resolve: process.env['VITEST'] ? { conditions: ['browser'] } : {},
});
