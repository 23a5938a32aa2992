/** Where the focus goes, done on the seed app with keys alone; part of flows.mjs. */
import assert from 'node:assert/strict';

const ayu = { hash: '#/chat/ayu%40nyala.id' };
const desk = { width: 1280, theme: 'light', lang: 'id' };

/** What a screen reader would say stands under the focus. */
const held = (page) => page.evaluate(() => { const here = document.activeElement; return here === document.body ? 'nothing' : `${here.tagName.toLowerCase()} ${here.ariaLabel ?? here.textContent.trim().slice(0, 40)}`; });
const inside = (page, selector) => page.evaluate((wanted) => document.activeElement?.closest(wanted) !== null, selector);
const settled = (page) => page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => { requestAnimationFrame(done); }); }));

/** Opens the menu of the focused thing and takes an entry by keys. */
async function take(page, name) {
  await page.getByRole('menu').waitFor();
  await page.getByRole('menuitem', { name, exact: true }).focus();
  await page.keyboard.press('Enter');
}

export const focusFlows = {
  async 'focus: Tab goes from the list over the conversation to the field, and each stop has a name'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    // The field takes the focus when the conversation comes.
    await page.locator('textarea').waitFor();
    await page.getByRole('searchbox').focus();
    const stops = [];
    for (let step = 0; step < 24; step++) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => { const here = document.activeElement; const part = here.closest('nav, main, aside')?.tagName.toLowerCase() ?? ''; const box = here.getBoundingClientRect(); const ring = getComputedStyle(here.matches('article') ? here.querySelector('.bubble') : here.matches('input, textarea') ? (here.closest('.search, .box, .sheet') ?? here) : here); return { part, name: here.ariaLabel ?? here.textContent.trim(), seen: box.bottom > 0 && box.top < innerHeight && box.width > 0, ring: ring.outlineStyle !== 'none' || ring.boxShadow !== 'none' }; });
      stops.push(stop);
      if (await page.evaluate(() => document.activeElement.tagName === 'TEXTAREA')) break;
    }
    assert.deepEqual([...new Set(stops.map((stop) => stop.part))], ['nav', 'main'], JSON.stringify(stops));
    for (const stop of stops) assert.ok(stop.name !== '' && stop.seen && stop.ring, `a stop without ${stop.name === '' ? 'a name' : stop.seen ? 'a ring' : 'a place'}: ${JSON.stringify(stop)}`);
    await close();
  },

  async 'focus: the info of a chat takes it, Escape gives it back'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    await page.locator('main header .who').focus();
    await page.keyboard.press('Enter');
    await page.locator('aside h3').waitFor();
    await settled(page);
    assert.ok(await inside(page, 'aside'), `the focus is on ${await held(page)}`);
    await page.keyboard.press('Escape');
    await page.locator('aside').waitFor({ state: 'detached' });
    assert.match(await held(page), /^button Ayu Lestari/u);
    await close();
  },

  async 'focus: a dialog out of a menu keeps it inside and gives it back to the message'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    await page.locator('article').last().focus();
    await page.keyboard.press('Enter');
    await take(page, 'Hapus');
    await page.locator('dialog').waitFor();
    for (let step = 0; step < 6; step++) {
      assert.ok((await inside(page, 'dialog')) || (await held(page)) === 'nothing', `the focus left for ${await held(page)}`);
      await page.keyboard.press('Tab');
    }
    await page.locator('dialog button').first().focus();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.match(await held(page), /^article Anda, Siap, alarm/u);
    await close();
  },

  async 'focus: settings take it, back gives it to the list'(stage) {
    const { page, close } = await stage.at({}, desk);
    await page.locator('nav .me').focus();
    await page.keyboard.press('Enter');
    await take(page, 'Setelan');
    await page.locator('nav fieldset').first().waitFor();
    await settled(page);
    assert.ok(await inside(page, 'nav'), `the focus is on ${await held(page)}`);
    await page.locator('nav header button').first().focus();
    await page.keyboard.press('Enter');
    await page.locator('nav [data-jid]').first().waitFor();
    await settled(page);
    assert.ok(await inside(page, 'nav'), `the focus is on ${await held(page)}`);
    await close();
  },

  async 'focus: the info of a message and the menu of a chat give it back'(stage) {
    const { page, close } = await stage.at(ayu, desk);
    await page.locator('article').last().focus();
    await page.keyboard.press('i');
    await page.locator('aside ol').waitFor();
    await settled(page);
    assert.ok(await inside(page, 'aside'), `the focus is on ${await held(page)}`);
    await page.keyboard.press('Escape');
    await page.locator('aside').waitFor({ state: 'detached' });
    assert.match(await held(page), /^article Anda, Siap, alarm/u);
    await page.locator('main header').getByRole('button', { name: 'Menu' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menu').waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await held(page), 'button Menu');
    await close();
  },

  async 'focus: who says yes to an invitation stands in the field for the name'(stage) {
    const { page, close } = await stage.at({ scene: 'invite' }, desk);
    await page.getByRole('button', { name: 'Mulai mengobrol' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('textbox', { name: 'Nama pengguna' }).waitFor();
    await settled(page);
    assert.equal(await page.evaluate(() => document.activeElement.name), 'username');
    await close();
  },

  async 'focus: a photo in full view gives it back'(stage) {
    const { page, close } = await stage.at({ hash: '#/chat/lestari%40nyala.id' }, desk);
    const row = page.locator('article', { has: page.locator('.album') }).first();
    await row.focus();
    await row.locator('.cell button').first().click();
    await page.locator('dialog img').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.notEqual(await held(page), 'nothing');
    await close();
  },
};
