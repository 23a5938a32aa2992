/** Takes the pictures of README and docs/web.md into docs/images, as small WebP files that Chromium itself writes. */
import { mkdir, writeFile } from 'node:fs/promises';
import { small } from './small.mjs';
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

await mkdir(folder, { recursive: true });
const stage = await openStage();
for (const { name, look, scene } of pictures) {
  const { page, problems, close } = await stage.at(scene, look);
  const { width, height } = look;
  const [across, down] = width < 700 ? [width * 2, height * 2] : [width, height];
  const webp = await small(page, { width: across, height: down }, [{ png: (await page.screenshot()).toString('base64'), x: 0, y: 0, width: across, height: down, round: 0 }], most);
  await writeFile(`${folder}${name}.webp`, webp);
  process.stdout.write(`${name}.webp ${webp.length} bytes${problems.length > 0 ? `, with problems: ${problems.join('; ')}` : ''}\n`);
  if (problems.length > 0) process.exitCode = 1;
  await close();
}
await stage.close();
