import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import { Nyala } from './nyala.ts';

// The server serves the page itself, as people get it. The stories follow one another, as on a first evening.
test.describe.configure({ mode: 'serial' });

let nyala: Nyala;
let contexts: BrowserContext[];
const violations: string[] = [];
const origin = (name: 'localhost' | '127.0.0.1'): string => `http://${name}:${nyala.port}`;

test.beforeAll(async () => {
  nyala = await Nyala.start();
  contexts = [];
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  await nyala.stop();
});

test.afterEach(() => {
  expect(violations.splice(0), 'what a page threw, and what its policy refused').toEqual([]);
});

async function person(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ locale: 'id-ID', viewport: { width: 1280, height: 800 } });
  contexts.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => violations.push(String(error)));
  page.on('console', (line) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript|Trusted Type/i.test(line.text())) violations.push(line.text());
  });
  return page;
}

/** From the link to a chat: one button, one name. */
async function comeIn(page: Page, link: string, button: string, name: string, display: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: button }).click();
  await page.getByLabel('Nama pengguna').fill(name);
  await expect(page.getByText('✓ Tersedia')).toBeVisible();
  await page.getByLabel('Nama tampilan').fill(display);
  await page.getByRole('button', { name: 'Lanjut' }).click();
  await expect(page.getByLabel(/^Ketik pesan/)).toBeVisible();
}

const say = async (page: Page, text: string): Promise<void> => {
  const field = page.getByLabel(/^Ketik pesan/);
  await field.fill(text);
  await field.press('Enter');
};

const log = (page: Page, text: string): ReturnType<Page['locator']> => page.getByRole('main').getByRole('article').filter({ hasText: text });

let ayu: Page;
let budi: Page;
let link: string;

test('nobody is registered yet, and the link in the terminal leads to notes and three steps', async ({ browser }) => {
  ayu = await person(browser);
  await ayu.goto(origin('localhost'));
  await expect(ayu.getByRole('heading', { name: 'Nyala sudah berjalan' })).toBeVisible();
  const first = await nyala.firstInvite();
  expect(first, 'what the terminal prints leaves the other name for a second person').toContain(origin('localhost'));
  await comeIn(ayu, first, 'Mulai', 'ayu', 'Ayu Lestari');
  await expect(ayu.getByRole('heading', { name: 'Catatan saya' })).toBeVisible();
  for (const step of ['Ajak seseorang', 'Coba sebagai orang kedua', 'Hubungkan domain']) await expect(ayu.getByRole('button', { name: step })).toBeVisible();
  await say(ayu, 'Catatan pertama');
  await expect(log(ayu, 'Catatan pertama')).toBeVisible();
  await ayu.getByRole('button', { name: 'Coba sebagai orang kedua' }).click();
  const opened = ayu.context().waitForEvent('page');
  await ayu.getByRole('link', { name: 'Buka sebagai orang kedua' }).click();
  const second = await opened;
  await expect(second.getByRole('heading', { name: /mengajak Anda mengobrol/ })).toBeVisible();
  expect(new URL(second.url()).origin, 'where the browser keeps the two apart').toBe(origin('127.0.0.1'));
  await second.close();
});

test('an invited person chats at once, and the inviter sees it', async ({ browser }) => {
  await ayu.getByRole('button', { name: 'Ajak seseorang' }).click();
  await ayu.getByLabel('Sapaan Anda').fill('Hai, yuk ngobrol!');
  await ayu.getByRole('button', { name: 'Buat tautan', exact: true }).click();
  link = (await ayu.getByRole('dialog').locator('bdi').textContent()) ?? '';
  expect(link, 'the link opens where a second person is another one').toContain(`${origin('127.0.0.1')}/invite/`);
  await ayu.getByRole('dialog').getByRole('button', { name: 'Tutup' }).click();

  budi = await person(browser);
  await budi.goto(link);
  await expect(budi.getByRole('heading', { name: 'Ayu Lestari mengajak Anda mengobrol' })).toBeVisible();
  await expect(budi.getByText('Hai, yuk ngobrol!')).toBeVisible();
  await comeIn(budi, link, 'Mulai mengobrol', 'budi', 'Budi');
  await expect(budi).toHaveURL(`${origin('127.0.0.1')}/#/chat/ayu%40localhost`);
  await say(budi, 'Halo Ayu!');
  await expect(log(budi, 'Halo Ayu!')).toHaveAccessibleName(/Tersampaikan|Dibaca/);
  await ayu.getByRole('navigation').first().getByText('Halo Ayu!').click();
  await expect(ayu.getByRole('main').getByText('Budi', { exact: true }).first()).toBeVisible();
  await say(ayu, 'Halo Budi, selamat datang.');
  await expect(log(budi, 'Halo Budi, selamat datang.')).toBeVisible();
});

test('a group’s link lets in who has no account, as its admin wants it', async ({ browser }) => {
  await ayu.goto(`${origin('localhost')}/#/new-group`);
  await ayu.getByLabel('Nama grup').fill('Arisan RT 05');
  await ayu.getByRole('checkbox', { name: /Budi/ }).click();
  await ayu.getByRole('button', { name: 'Buat grup' }).click();
  await say(ayu, 'Selamat datang di grup');
  await ayu.getByRole('button', { name: /Info obrolan/ }).click();
  await ayu.getByRole('button', { name: 'Tautan grup' }).click();
  await ayu.getByRole('dialog').getByRole('radio', { name: '10', exact: true }).check();
  await ayu.getByRole('dialog').getByRole('button', { name: 'Buat tautan', exact: true }).click();
  await expect(ayu.getByText(/paling banyak 10 orang/)).toBeVisible();
  const shown = (await ayu.getByRole('dialog').locator('bdi').textContent()) ?? '';
  await ayu.getByRole('dialog').getByRole('button', { name: 'Tutup' }).click();
  await ayu.getByRole('button', { name: 'Tautan grup' }).click();
  await expect(ayu.getByRole('dialog').locator('bdi'), 'the link that was given to people stays').toHaveText(shown);
  await ayu.getByRole('dialog').getByRole('button', { name: 'Tutup' }).click();

  const dewi = await person(browser);
  await comeIn(dewi, shown, 'Gabung', 'dewi', 'Dewi');
  await expect(dewi.getByRole('heading', { name: 'Arisan RT 05' })).toBeVisible();
  await expect(log(dewi, 'Selamat datang di grup')).toBeVisible();
  await say(dewi, 'Halo semua');
  await expect(log(ayu, 'Halo semua')).toBeVisible();
  await ayu.goto(`${origin('localhost')}/#/chat/budi%40localhost`);
});

test('an invitation that was used says so, and uses nothing up', async ({ browser }) => {
  const late = await person(browser);
  const answer = await late.goto(link);
  expect(answer?.status()).toBe(404);
  await expect(late.getByRole('heading', { name: 'Undangan ini tidak berlaku lagi' })).toBeVisible();
  const fresh = await nyala.invite('ayu');
  for (let look = 0; look < 3; look++) {
    await late.goto(fresh);
    await expect(late.getByRole('heading', { name: /mengajak Anda mengobrol/ })).toBeVisible();
  }
});

test('programs that run no script are told who invites', async ({ request }) => {
  const page = await (await request.get(await nyala.invite('ayu'), { headers: { 'accept-language': 'id' } })).text();
  expect(page).toContain('<meta property="og:title" content="Ayu Lestari mengundang Anda mengobrol">');
  expect(page).toContain('<noscript><meta http-equiv="refresh" content="0;url=?apps"></noscript>');
});

test('an invitation opened while signed in makes a contact, or another person', async () => {
  await nyala.addAccount('citra', 'correct horse');
  await budi.goto(await nyala.invite('citra'));
  await expect(budi.getByRole('link', { name: 'Coba sebagai orang lain' })).toHaveAttribute('href', new RegExp(`^${origin('localhost')}/invite/`));
  await budi.getByRole('button', { name: 'Jadikan citra kontak' }).click();
  await expect(budi).toHaveURL(/#\/chat\/citra%40localhost$/);
});

test('a stranger sees who runs it, and comes in with what was sent to them', async ({ browser }) => {
  const stranger = await person(browser);
  await stranger.goto(origin('127.0.0.1'));
  await expect(stranger.getByRole('heading', { name: 'Ini localhost' })).toBeVisible();
  await stranger.getByRole('button', { name: 'Saya punya undangan' }).click();
  await stranger.getByLabel('Tautan undangan').fill('halo');
  await stranger.getByRole('button', { name: 'Buka undangan' }).click();
  await expect(stranger.getByText('Itu bukan tautan undangan.')).toBeVisible();
  await stranger.getByLabel('Tautan undangan').fill(await nyala.invite('ayu'));
  await stranger.getByRole('button', { name: 'Buka undangan' }).click();
  await expect(stranger.getByRole('heading', { name: 'Ayu Lestari mengajak Anda mengobrol' })).toBeVisible();
});

test('without the server the app starts with the list, and goes on when it is back', async () => {
  await budi.goto(origin('127.0.0.1'));
  await budi.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.ready;
    return registration.active?.state === 'activated' && navigator.serviceWorker.controller !== null;
  });
  await nyala.kill();
  await budi.reload();
  await budi.getByRole('navigation').getByText('Halo Budi, selamat datang.').click();
  await say(budi, 'Saya menulis tanpa server');
  await expect(log(budi, 'Saya menulis tanpa server')).toHaveAccessibleName(/Menunggu jaringan/);
  await nyala.run();
  await expect(log(budi, 'Saya menulis tanpa server')).toHaveAccessibleName(/Aman di server|Tersampaikan|Dibaca/);
  await expect(log(ayu, 'Saya menulis tanpa server')).toBeVisible();
});

test('the account key signs in elsewhere, and another password takes its place', async ({ browser }) => {
  await budi.goto(`${origin('127.0.0.1')}/#/settings`);
  await budi.getByRole('button', { name: 'Tampilkan kunci' }).click();
  const key = (await budi.locator('section bdi').textContent()) ?? '';
  expect(key).toMatch(/^(?:[0-9a-z]{4}-){4}[0-9a-z]{4}$/);
  const phone = await person(browser);
  await phone.goto(origin('localhost'));
  await phone.getByLabel('Alamat', { exact: true }).fill('budi');
  await phone.getByLabel('Kata sandi', { exact: true }).fill(key);
  await phone.getByRole('button', { name: 'Masuk', exact: true }).click();
  await expect(phone.getByRole('navigation').getByText('Saya menulis tanpa server')).toBeVisible();
  await budi.getByRole('button', { name: 'Ganti kata sandi' }).click();
  await budi.getByLabel('Kata sandi baru').fill('kata sandi milik Budi');
  await budi.getByRole('button', { name: 'Simpan kata sandi' }).click();
  await expect(budi.getByText('Kata sandi diganti')).toBeVisible();
  await expect(phone.getByRole('heading', { name: 'Selamat datang kembali' })).toBeVisible();
  await budi.reload();
  await expect(budi.getByRole('heading', { name: 'Budi' })).toBeVisible();
});

test('whoever comes back to empty storage is asked to sign in, not taken for somebody new', async () => {
  await budi.goto(`${origin('127.0.0.1')}/healthz`);
  await budi.evaluate(async () => {
    for (const { name = '' } of await indexedDB.databases()) {
      const deleting = indexedDB.deleteDatabase(name);
      await new Promise((resolve, reject) => ([deleting.onsuccess, deleting.onerror] = [resolve, reject]));
    }
    localStorage.clear();
  });
  await budi.goto(origin('127.0.0.1'));
  await expect(budi.getByRole('heading', { name: 'Selamat datang kembali' })).toBeVisible();
  await expect(budi.getByLabel('Alamat', { exact: true })).toHaveValue('budi@localhost');
});

test('a part of the app that a cut swallowed leaves the page as it is, and comes when it is asked for again', async ({ browser }) => {
  const context = await browser.newContext({ locale: 'id-ID', serviceWorkers: 'block' });
  contexts.push(context);
  const page = await context.newPage();
  await comeIn(page, await nyala.invite('ayu'), 'Mulai mengobrol', 'lestari', 'Lestari');
  await context.setOffline(true);
  await page.getByRole('button', { name: 'Obrolan baru' }).click();
  await page.goBack();
  await say(page, 'Masih di sini');
  await expect(log(page, 'Masih di sini')).toHaveAccessibleName(/Menunggu jaringan/);
  await context.setOffline(false);
  await expect(log(page, 'Masih di sini')).toHaveAccessibleName(/Aman di server|Tersampaikan|Dibaca/);
  await page.getByRole('button', { name: 'Obrolan baru' }).click();
  await expect(page.getByRole('heading', { name: 'Obrolan baru' })).toBeVisible();
});
