/** What people do with files, on the seed app; part of flows.mjs. */
import assert from 'node:assert/strict';

const budi = { hash: '#/chat/budi%40nyala.id' };
const desk = { width: 1280, theme: 'light', lang: 'id' };
const phone = { width: 360, theme: 'light', lang: 'id' };

/** A PNG as large as a camera makes them, drawn in the page. */
async function photo(page, width, height, name) {
  const data = await page.evaluate(([wide, high]) => { const canvas = Object.assign(document.createElement('canvas'), { width: wide, height: high }); const pen = canvas.getContext('2d'); pen.fillStyle = '#3e8f9b'; pen.fillRect(0, 0, wide, high); pen.fillStyle = '#e9a36b'; pen.fillRect(0, 0, wide / 2, high); return canvas.toDataURL('image/png').split(',')[1]; }, [width, height]);
  return { name, mimeType: 'image/png', buffer: Buffer.from(data, 'base64') };
}

const rows = (page) => page.locator('article').count();

/** Where the microphone is, and a finger for it. */
async function finger(page) {
  const box = await page.getByRole('button', { name: 'Rekam pesan suara' }).boundingBox();
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const touch = await page.context().newCDPSession(page);
  const put = (type, x, y) => touch.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
  return { at, put };
}

export const fileFlows = {
  async 'files: photos go out smaller, as one album with its text, and open in full view'(stage) {
    const { page, problems, close } = await stage.at(budi, desk);
    await page.locator('input[type=file]').setInputFiles([await photo(page, 3000, 2000, 'satu.png'), await photo(page, 900, 1800, 'dua.png')]);
    await page.getByRole('textbox', { name: 'Tambahkan keterangan' }).fill('Dari rumah');
    await page.locator('dialog').getByRole('button', { name: 'Kirim', exact: true }).click();
    const album = page.locator('article', { hasText: 'Dari rumah' });
    await album.locator('.album').waitFor();
    assert.equal(await album.count(), 1);
    await page.waitForFunction(() => [...document.querySelectorAll('article .album img')].every((image) => image.naturalWidth > 0));
    assert.deepEqual(await album.locator('.album img').evaluateAll((images) => images.map((image) => [image.naturalWidth, image.naturalHeight])), [[2048, 1365], [900, 1800]]);
    await album.getByRole('progressbar').first().waitFor({ state: 'detached' });
    await album.locator('.cell button').first().click();
    await page.locator('dialog').getByText('1/2').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.locator('dialog').getByText('2/2').waitFor();
    await page.locator('dialog').getByText('Dari rumah').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(problems, []);
    await close();
  },

  async 'files: a voice is recorded, heard before it is sent, and is sound that plays'(stage) {
    const { page, problems, close } = await stage.at(budi, desk);
    const before = await rows(page);
    await page.getByRole('button', { name: 'Rekam pesan suara' }).click();
    await page.getByRole('timer').filter({ hasText: '0:02' }).waitFor();
    await page.getByRole('button', { name: 'Berhenti dan dengarkan' }).click();
    await page.getByRole('button', { name: 'Putar' }).last().click();
    await page.getByRole('group', { name: 'Merekam pesan suara' }).getByRole('button', { name: 'Kirim' }).click();
    await page.waitForFunction((count) => document.querySelectorAll('article').length === count + 1, before);
    const heard = await page.locator('article').last().locator('audio').evaluate((audio) => new Promise((done, fail) => {
      audio.onloadedmetadata = () => { done(audio.duration); };
      audio.onerror = () => { fail(new Error(audio.error.message)); };
      audio.preload = 'metadata';
      audio.load();
    }));
    assert.ok(heard > 1 && heard < 60, `${heard} seconds`);
    assert.deepEqual(problems, []);
    await close();
  },

  async 'files: a finger that holds and lets go sends, one that slides away does not, one that slides up is free'(stage) {
    const { page, close } = await stage.at(budi, phone);
    const before = await rows(page);
    const { at, put } = await finger(page);
    await put('touchStart', at.x, at.y);
    await page.getByRole('timer').filter({ hasText: '0:01' }).waitFor();
    for (let x = 10; x <= 120; x += 10) await put('touchMove', at.x - x, at.y);
    await page.getByRole('timer').waitFor({ state: 'detached' });
    await put('touchEnd');
    assert.equal(await rows(page), before);
    await put('touchStart', at.x, at.y);
    await page.getByRole('timer').filter({ hasText: '0:01' }).waitFor();
    await put('touchEnd');
    await page.waitForFunction((count) => document.querySelectorAll('article').length === count + 1, before);
    await put('touchStart', at.x, at.y);
    await page.getByRole('timer').waitFor();
    for (let y = 10; y <= 90; y += 10) await put('touchMove', at.x, at.y - y);
    await put('touchEnd');
    await page.getByRole('button', { name: 'Buang rekaman' }).click();
    await page.getByRole('timer').waitFor({ state: 'detached' });
    assert.equal(await rows(page), before + 1);
    await close();
  },
};
