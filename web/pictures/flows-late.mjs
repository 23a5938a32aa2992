/** Parts of the app that come late, or not at first; part of flows.mjs. */
import assert from 'node:assert/strict';

const desk = { width: 1280, theme: 'light', lang: 'id' };
const again = (page) => page.getByRole('alert').getByRole('button', { name: 'Coba lagi' });

/** Opens a chat from the start, with the files of the conversation in the test's hands. */
async function reopened(page, handle) {
  await page.route(/\/ConversationView-[^/]+$/u, handle);
  await page.evaluate(() => { history.replaceState(null, '', '#/chat/ayu%40nyala.id'); });
  await page.reload();
}

export const lateFlows = {
  async 'late: a conversation that comes late leaves the focus with who has gone on'(stage) {
    const { page, close } = await stage.at({}, desk);
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await reopened(page, async (route) => { await held; await route.continue(); });
    await page.getByRole('searchbox').click();
    release();
    await page.locator('textarea').waitFor();
    await page.keyboard.type('payung');
    assert.equal(await page.getByRole('searchbox').inputValue(), 'payung');
    assert.equal(await page.locator('textarea').inputValue(), '');
    await close();
  },

  async 'late: a conversation that does not come says so, and comes when it is asked for again'(stage) {
    const { page, close } = await stage.at({}, desk);
    await reopened(page, (route) => route.abort());
    await again(page).waitFor();
    await page.unroute(/\/ConversationView-[^/]+$/u);
    await again(page).click();
    await page.locator('article').last().waitFor();
    await close();
  },

  async 'late: a part that does not come says so, and comes when it is asked for again, with its style'(stage) {
    const { page, close } = await stage.at({}, desk);
    await page.route(/\/Settings-[^/]+$/u, (route) => route.abort());
    await page.locator('nav .me').click();
    await page.getByRole('menuitem', { name: 'Setelan' }).click();
    await again(page).waitFor();
    await page.unroute(/\/Settings-[^/]+$/u);
    await again(page).click();
    await page.locator('nav fieldset').first().waitFor();
    assert.equal(await page.locator('nav .all').evaluate((box) => getComputedStyle(box).overflowY), 'auto');
    await close();
  },

  async 'late: a dialog that does not come can be left'(stage) {
    const { page, close } = await stage.at({ hash: '#/new' }, desk);
    await page.locator('nav li').first().waitFor();
    await page.route(/\/InviteDialog-[^/]+$/u, (route) => route.abort());
    await page.getByRole('button', { name: 'Ajak seseorang' }).click();
    await again(page).waitFor();
    await page.getByRole('alert').getByRole('button', { name: 'Tutup' }).click();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await close();
  },
};
