/** Takes the pictures people look at: 360 light Indonesian and 1280 dark English. `node pictures/take.mjs [scene…]` after `npm run seed`. */
import { mkdir } from 'node:fs/promises';
import { scenes } from './scenes.mjs';
import { openStage } from './stage.mjs';

const folder = new URL('../../artifacts/pictures/', import.meta.url).pathname;
const wanted = process.argv.slice(2);
const looks = [{ width: 360, theme: 'light', lang: 'id' }, { width: 1280, theme: 'dark', lang: 'en' }];

await mkdir(folder, { recursive: true });
const stage = await openStage();
let failed = 0;
for (const scene of scenes.filter((each) => wanted.length === 0 || wanted.includes(each.name))) {
  await Promise.all(looks.map(async (look) => {
    try {
      const { page, problems, close } = await stage.at(scene, look);
      await page.screenshot({ path: `${folder}${scene.name}-${look.width}-${look.theme}-${look.lang}.png` });
      for (const problem of problems) { failed++; process.stderr.write(`${scene.name} ${look.width}: ${problem}\n`); }
      await close();
    } catch (error) { failed++; process.stderr.write(`${scene.name} ${look.width}: ${error}\n`); }
  }));
}
await stage.close();
process.exitCode = failed > 0 ? 1 : 0;
