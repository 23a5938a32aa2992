// Paints the seed's drawings as pictures of the kinds that people send (WebP), into seed/painted/: node pictures/paint.mjs
import { mkdir, writeFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';
import { createServer } from 'vite';

const out = new URL('../seed/painted/', import.meta.url);
const vite = await createServer({ root: new URL('..', import.meta.url).pathname, configFile: false, server: { middlewareMode: true, hmr: false, watch: null }, logLevel: 'error' });
const { faces, ...drawings } = await vite.ssrLoadModule('/seed/pictures.ts');
await vite.close();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
const page = await browser.newPage();
await mkdir(out, { recursive: true });
const named = [...Object.entries(faces).map(([name, drawing]) => [`face-${name}`, drawing, 0.64]), ...Object.entries(drawings).filter(([name]) => name !== 'sticker').map(([name, drawing]) => [name, drawing, name === 'panorama' ? 0.6667 : 1])];
for (const [name, drawing, scale] of named) {
  const painted = await page.evaluate(async ([source, by]) => {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(image.width * by);
    canvas.height = Math.round(image.height * by);
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/webp', 0.8);
  }, [drawing, scale]);
  await writeFile(new URL(`${name}.webp`, out), Buffer.from(painted.slice(painted.indexOf(',') + 1), 'base64'));
}
await browser.close();
