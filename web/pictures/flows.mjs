/** What people do on the screens, done on the seed app: scrolling without jumps, writing, keys, history, nothing that shifts. */
import assert from 'node:assert/strict';
import { fileFlows } from './flows-files.mjs';
import { focusFlows } from './flows-focus.mjs';
import { lateFlows } from './flows-late.mjs';
import { openStage } from './stage.mjs';

const ayu = { hash: '#/chat/ayu%40nyala.id' };
const desk = { width: 1280, theme: 'light', lang: 'id' };
const phone = { width: 360, theme: 'light', lang: 'id' };

const flows = {
  ...fileFlows,
  ...focusFlows,
  ...lateFlows,

  async 'scrolling up through 400 messages moves every row by exactly the scroll, and keeps at most ninety rows'(stage) {
    const { page, problems, close } = await stage.at(ayu, desk);
    const seen = new Set();
    for (let step = 0; step < 60; step++) {
      const before = await page.evaluate(() => {
        const view = document.querySelector('.view');
        const row = [...view.querySelectorAll('[data-key]')].find((each) => each.getBoundingClientRect().bottom > view.getBoundingClientRect().top + 300);
        view.scrollTop -= 400;
        return { key: row.dataset.key, top: row.getBoundingClientRect().top };
      });
      await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 0))); }));
      const after = await page.evaluate((key) => ({ top: document.querySelector(`[data-key="${key}"]`)?.getBoundingClientRect().top, rows: document.querySelectorAll('[data-key]').length, keys: [...document.querySelectorAll('[data-key]')].map((each) => each.dataset.key), start: document.querySelector('.view').scrollTop }), before.key);
      assert.ok(after.rows <= 90, `${after.rows} rows`);
      after.keys.forEach((key) => seen.add(key));
      assert.ok(after.top !== undefined && Math.abs(after.top - before.top) <= 1, `step ${step}: a row moved from ${before.top} to ${after.top}`);
      if (after.start <= 0) break;
    }
    assert.ok(seen.size > 400, `only ${seen.size} messages were passed`);
    await page.getByRole('button', { name: 'Ke pesan terbaru' }).click();
    await page.getByText('Siap, alarm sudah dipasang.').last().waitFor();
    await page.waitForFunction(() => { const view = document.querySelector('.view'); return view.scrollHeight - view.clientHeight - view.scrollTop < 2; });
    assert.deepEqual(problems, []);
    await close();
  },

  async 'opening a chat shifts nothing'(stage) {
    const { page, close } = await stage.at({}, desk);
    await page.evaluate(() => { window.shifted = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifted += entry.value; }).observe({ type: 'layout-shift', buffered: false }); });
    for (const name of ['Ayu Lestari', 'Warga RT 05 Mawar', 'Budi Santoso']) {
      await page.locator('[data-jid]', { hasText: name }).first().click();
      await page.locator('main header', { hasText: name }).waitFor();
      await page.waitForTimeout(300);
    }
    assert.equal(await page.evaluate(() => window.shifted), 0);
    await close();
  },

  async 'a message is written, sent, and its tick goes from clock to read'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    const field = page.locator('textarea');
    await field.fill('Satu');
    await field.press('Shift+Enter');
    await field.pressSequentially('dua');
    await field.press('Enter');
    const sent = page.locator('article', { hasText: 'Satu' }).last();
    assert.match(await sent.locator('.lines').innerText(), /Satu\ndua/u);
    await sent.getByRole('img', { name: 'Dibaca' }).waitFor();
    assert.equal(await field.inputValue(), '');
    await field.press('ArrowUp');
    assert.equal(await field.inputValue(), 'Satu\ndua');
    await field.fill('Satu dan dua');
    await field.press('Enter');
    await page.locator('article', { hasText: 'Satu dan dua' }).getByText('diedit').waitFor();
    await close();
  },

  async 'a draft stays with its chat'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    await page.locator('textarea').fill('nanti saja');
    await page.locator('[data-jid]', { hasText: 'Budi' }).first().click();
    await page.locator('[data-jid]', { hasText: 'Draf' }).filter({ hasText: 'nanti saja' }).click();
    assert.equal(await page.locator('textarea').inputValue(), 'nanti saja');
    await close();
  },

  async 'keys alone reach search, chats, messages, the menu, and come back'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    await page.keyboard.press('Control+k');
    assert.equal(await page.evaluate(() => document.activeElement.type), 'search');
    await page.keyboard.press('Alt+ArrowDown');
    await page.locator('main header', { hasText: 'Warga RT' }).waitFor();
    await page.keyboard.press('Alt+ArrowUp');
    await page.locator('main header', { hasText: 'Ayu' }).waitFor();
    const last = page.locator('article').last();
    assert.equal(await page.locator('article[tabindex="0"]').count(), 1);
    await last.focus();
    await page.keyboard.press('ArrowUp');
    assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /Sampai ketemu/u);
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Escape');
    assert.match(await page.evaluate(() => document.activeElement.ariaLabel), /Sampai ketemu/u);
    await page.keyboard.press('r');
    await page.getByText('Membalas Ayu Lestari').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('Membalas Ayu Lestari').waitFor({ state: 'hidden' });
    await close();
  },

  async 'back closes the last layer on a phone'(stage) {
    const { page, close } = await stage.at({}, phone);
    await page.locator('[data-jid]', { hasText: 'Ayu' }).first().click();
    await page.locator('.who').click();
    await page.locator('aside h3').waitFor();
    await page.goBack();
    await page.locator('aside').waitFor({ state: 'detached' });
    assert.equal(await page.locator('textarea').isVisible(), true);
    await page.goBack();
    await page.locator('h1', { hasText: 'Obrolan' }).waitFor();
    await close();
  },

  async 'a swipe replies, Enter on a phone is a new line'(stage) {
    const { page, close } = await stage.at(ayu, phone);
    const box = await page.locator('article', { hasText: 'Sampai ketemu' }).locator('.bubble').boundingBox();
    const touch = await page.context().newCDPSession(page);
    const at = (x) => ({ touchPoints: [{ x, y: box.y + 12 }] });
    await touch.send('Input.dispatchTouchEvent', { type: 'touchStart', ...at(box.x + 20) });
    for (let x = 30; x <= 120; x += 15) await touch.send('Input.dispatchTouchEvent', { type: 'touchMove', ...at(box.x + x) });
    await touch.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
    await page.getByText('Membalas Ayu Lestari').waitFor();
    await page.locator('textarea').fill('a');
    await page.locator('textarea').press('Enter');
    assert.equal(await page.locator('textarea').inputValue(), 'a\n');
    await close();
  },

  async 'a reaction is given and taken back'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    const row = page.locator('article', { hasText: 'Sampai ketemu' });
    await row.locator('.bubble').click({ button: 'right' });
    await page.getByRole('menuitemcheckbox', { name: '🙏' }).click();
    await row.locator('.reactions button', { hasText: '🙏' }).click();
    await row.locator('.reactions').waitFor({ state: 'detached' });
    await close();
  },
};

const wanted = process.argv[2] ?? '';
const stage = await openStage();
for (const [name, flow] of Object.entries(flows).filter(([each]) => each.includes(wanted))) {
  try { await flow(stage); process.stdout.write(`ok    ${name}\n`); } catch (error) { process.exitCode = 1; process.stdout.write(`FAIL  ${name}\n      ${String(error.message ?? error).split('\n').slice(0, 6).join('\n      ')}\n`); }
}
await stage.close();
