/** Takes the pictures of README and docs/web.md into docs/images, as small WebP files that Chromium itself writes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { openStage } from './stage.mjs';

const folder = new URL('../../docs/images/', import.meta.url).pathname;
const most = 60 * 1024;
/** A message near the top; the day that floats while the list moves is gone again. */
const scroll = (page, text) => page.evaluate((wanted) => { [...document.querySelectorAll('article')].filter((row) => row.textContent.includes(wanted)).at(-1)?.scrollIntoView({ block: 'start' }); }, text).then(() => page.waitForFunction(() => document.querySelector('.floating.shown') === null));
const pictures = [
  { name: 'web-chat', look: { width: 1280, theme: 'light', lang: 'en', height: 800 }, scene: { hash: '#/chat/ayu%40nyala.id', act: (page) => scroll(page, 'The car is ready') } },
  { name: 'web-list', look: { width: 360, theme: 'dark', lang: 'en', height: 720 }, scene: {} },
  { name: 'web-group', look: { width: 360, theme: 'light', lang: 'en', height: 720 }, scene: { hash: '#/chat/rt05%40grup.nyala.id', act: (page) => scroll(page, '0:17') } },
];

/** Draws a PNG anew as WebP, as well as it fits. */
async function small(page, png) {
  for (const quality of [0.9, 0.8, 0.7, 0.6, 0.5, 0.4]) {
    const data = await page.evaluate(async ([source, wanted]) => {
      const picture = await createImageBitmap(new Blob([Uint8Array.from(atob(source), (letter) => letter.charCodeAt(0))]));
      const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height });
      canvas.getContext('2d').drawImage(picture, 0, 0);
      return canvas.toDataURL('image/webp', wanted).split(',')[1];
    }, [png.toString('base64'), quality]);
    const webp = Buffer.from(data, 'base64');
    if (webp.length <= most) return webp;
  }
  throw new Error(`It does not fit into ${most} bytes.`);
}

await mkdir(folder, { recursive: true });
const stage = await openStage();
for (const { name, look, scene } of pictures) {
  const { page, problems, close } = await stage.at(scene, look);
  const webp = await small(page, await page.screenshot());
  await writeFile(`${folder}${name}.webp`, webp);
  process.stdout.write(`${name}.webp ${webp.length} bytes${problems.length > 0 ? `, with problems: ${problems.join('; ')}` : ''}\n`);
  if (problems.length > 0) process.exitCode = 1;
  await close();
}
await stage.close();
