/**
 * The first picture of the README, of the real thing: `nyala run --demo`, whose server is killed with kill -9 while two people write.
 * One sits at a laptop in light, the other has a phone in dark; what is written while the server is gone has all its ticks seconds later.
 */
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { chromium } from '@playwright/test';
import { small } from './small.mjs';

const binary = process.env.NYALA_BINARY ?? new URL('../../artifacts/bin/Nyala.Host/release/nyala', import.meta.url).pathname;
const target = new URL('../../docs/images/web-kill.webp', import.meta.url).pathname;
const most = 100 * 1024;
const laptop = { width: 980, height: 660 };
const gap = 24;
const phone = { width: 360, height: 660 };

function begin() {
  const child = spawn(binary, ['run', '--demo', '--set', 'Listen:Http=127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LC_ALL: 'en.UTF-8' } });
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', () => { reject(new Error(`The demo has ended:\n${said}`)); });
    child.stdout.on('data', (data) => {
      said += data;
      const [address] = /http:\/\/localhost:\d+\/demo\/(?=\s)/.exec(said) ?? [];
      if (address) resolve({ address, end: () => new Promise((ended) => { child.removeAllListeners('exit'); child.once('exit', ended); child.kill('SIGINT'); }) });
    });
  });
}

/** What the demo's server says of itself first. */
async function stateOf(address) {
  const reader = (await fetch(`${address}state`)).body.getReader();
  const { value } = await reader.read();
  await reader.cancel();
  return JSON.parse(new TextDecoder().decode(value).replace(/^data: /, ''));
}

async function enter(browser, side, look) {
  const context = await browser.newContext({ locale: 'en-US', timezoneId: 'Asia/Jakarta', reducedMotion: 'reduce', ...look });
  const page = await context.newPage();
  await page.goto(side.origins[0]);
  await page.locator('input[name=username]').fill(side.account);
  await page.locator('input[name=password]').fill(side.password);
  await page.locator('form button[type=submit]').click();
  await page.locator('nav').getByText(side.chat.startsWith('ayu') ? 'Ayu Lestari' : 'Budi Santoso').first().click();
  await page.locator('textarea').waitFor();
  return page;
}

async function say(page, text) {
  await page.locator('textarea').fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await page.getByRole('article').filter({ hasText: text }).waitFor();
}

const read = (page, text) => page.getByRole('article', { name: /Read/ }).filter({ hasText: text }).waitFor();

const demo = await begin();
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'] });
try {
  const { sides: [one, other] } = await stateOf(demo.address);
  const ayu = await enter(browser, one, { viewport: laptop, colorScheme: 'light' });
  const budi = await enter(browser, other, { viewport: phone, colorScheme: 'dark', hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
  await say(budi, 'I am pulling the plug of the server now.');
  await read(budi, 'I am pulling the plug');
  await fetch(`${demo.address}kill`, { method: 'POST', headers: { origin: new URL(demo.address).origin } });
  await ayu.getByText('Waiting for network').first().waitFor();
  await say(ayu, 'I keep writing while it is gone.');
  await say(budi, 'So do I.');
  await say(ayu, 'It is back by itself, and nothing is lost.');
  for (const [page, text] of [[ayu, 'I keep writing'], [ayu, 'It is back'], [budi, 'So do I.']]) await read(page, text);
  for (const page of [ayu, budi]) await page.evaluate(() => { document.activeElement?.blur(); });
  const [wide, narrow] = await Promise.all([ayu, budi].map(async (page) => (await page.screenshot()).toString('base64')));
  const webp = await small(ayu, { width: laptop.width + phone.width + 3 * gap, height: laptop.height + 2 * gap }, [
    { png: wide, x: gap, y: gap, ...laptop, round: 12 },
    { png: narrow, x: laptop.width + 2 * gap, y: gap, ...phone, round: 28 },
  ], most);
  await writeFile(target, webp);
  process.stdout.write(`web-kill.webp ${webp.length} bytes\n`);
} finally {
  await browser.close();
  await demo.end();
}
