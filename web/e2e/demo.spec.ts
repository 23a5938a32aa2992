import { expect, test, type FrameLocator, type Page } from '@playwright/test';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Demo } from './demo.ts';

test.use({ locale: 'en-US' });

let demo: Demo;
let violations: string[];

test.beforeAll(async () => { demo = await Demo.start(); });
test.afterAll(async () => { await demo.stop(); });
test.beforeEach(() => { violations = []; });
test.afterEach(() => { expect(violations, 'what the pages threw, and what their policies refused').toEqual([]); });

/** The page with both people signed in. */
async function open(page: Page): Promise<{ ayu: FrameLocator; budi: FrameLocator }> {
  // The first place of Budi's app, where the browser lets it store nothing: another one follows.
  page.on('pageerror', (error) => { if (!/Failed to read the 'localStorage' property/.test(String(error))) violations.push(String(error)); });
  page.on('console', (line) => {
    if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(line.text())) violations.push(line.text());
  });
  await page.goto(demo.address);
  const side = (name: string): FrameLocator => page.frameLocator(`iframe[title="${name}"]`);
  await expect(side('Ayu').locator('textarea')).toBeVisible();
  await expect(side('Budi').locator('textarea')).toBeVisible();
  return { ayu: side('Ayu'), budi: side('Budi') };
}

async function counts(page: Page, wanted: { sent: number; safe: number; arrived: number }): Promise<void> {
  await expect.poll(() => page.locator('dl').evaluate((list: HTMLElement) => ({ ...list.dataset }))).toEqual({
    sent: String(wanted.sent), safe: String(wanted.safe), arrived: String(wanted.arrived), doubled: '0',
  });
}

async function say(side: FrameLocator, text: string): Promise<void> {
  const field = side.locator('textarea');
  await field.fill(text);
  await field.press('Enter');
}

async function reset(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect(page.getByRole('status')).toContainText('Filling');
  await expect(page.getByRole('status')).toContainText('Write something');
  await counts(page, { sent: 0, safe: 0, arrived: 0 });
  for (const name of ['Ayu', 'Budi']) await expect(page.frameLocator(`iframe[title="${name}"]`).locator('textarea')).toBeVisible();
}

test('two people are in a conversation that was there before, each at an origin of their own', async ({ page }) => {
  const { ayu, budi } = await open(page);
  await counts(page, { sent: 0, safe: 0, arrived: 0 });
  const origins = page.frames().map((frame) => new URL(frame.url()).origin);
  expect(new Set(origins).size).toBe(3);
  await expect(ayu.getByText('See you at four in the morning!').last()).toBeVisible();
  await expect(budi.getByText('See you at four in the morning!').last()).toBeVisible();
  for (const side of [ayu, budi]) await expect(side.getByText('online', { exact: true })).toBeVisible();
  await say(budi, 'Good night!');
  await counts(page, { sent: 1, safe: 1, arrived: 1 });
  await expect(ayu.getByText('Good night!').last()).toBeVisible();
});

test('what is written through a cut and a kill -9 arrives, once and in order', async ({ page }) => {
  const { ayu, budi } = await open(page);
  await reset(page);
  await page.getByRole('button', { name: 'Cut network' }).click();
  await expect(page.getByRole('status')).toContainText('The network is cut');
  for (let at = 1; at <= 3; at++) await say(ayu, `While cut ${String(at)}`);
  await counts(page, { sent: 3, safe: 0, arrived: 0 });
  await page.getByRole('button', { name: 'Join network' }).click();
  await counts(page, { sent: 3, safe: 3, arrived: 3 });

  await page.getByRole('button', { name: 'Kill server' }).click();
  await expect(page.getByRole('status')).toContainText('kill -9');
  for (let at = 1; at <= 3; at++) await say(ayu, `While killed ${String(at)}`);
  await say(budi, 'Are you there?');
  await counts(page, { sent: 7, safe: 7, arrived: 7 });
  const messages = budi.locator('article');
  const expected = [1, 2, 3].map((at) => `While cut ${String(at)}`).concat([1, 2, 3].map((at) => `While killed ${String(at)}`));
  for (const text of expected) await expect(messages.getByText(text, { exact: true })).toHaveCount(1);
  const shown = await messages.getByText(/^While (cut|killed) \d$/).allTextContents();
  expect(shown).toEqual(expected);
});

test('Reset gives new data, also to pages that have the old', async ({ page }) => {
  const { ayu } = await open(page);
  await say(ayu, 'Gone in a moment');
  await expect.poll(() => page.locator('dl').evaluate((list: HTMLElement) => list.dataset['arrived'] === list.dataset['sent'] && list.dataset['sent'] !== '0')).toBe(true);
  await reset(page);
  await expect(ayu.getByText('See you at four in the morning!').last()).toBeVisible();
  await expect(ayu.getByText('Gone in a moment')).toHaveCount(0);
});

test('where the browser lets it store something there, Budi is at 127.0.0.1', async ({ playwright, launchOptions }) => {
  const profile = await mkdtemp(join(tmpdir(), 'nyala-profile-'));
  await mkdir(join(profile, 'Default'));
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { cookie_controls_mode: 0, block_third_party_cookies: false } }));
  const context = await playwright.chromium.launchPersistentContext(profile, { ...launchOptions, locale: 'en-US' });
  const page = await context.newPage();
  const { budi } = await open(page);
  expect(page.frames().slice(1).map((frame) => new URL(frame.url()).hostname).sort()).toEqual(['127.0.0.1', 'localhost']);
  await reset(page);
  await say(budi, 'From 127.0.0.1');
  await counts(page, { sent: 1, safe: 1, arrived: 1 });
  await context.close();
  await rm(profile, { recursive: true, force: true });
});

test('nothing but its own page may frame it or press its buttons, and nothing is left of it', async ({ request }) => {
  const other = await Demo.start('id');
  const pressed = await request.post(`${other.address}kill`, { headers: { origin: 'http://localhost:1' } });
  expect(pressed.status()).toBe(403);
  const foreign = await request.get(`${other.address}state`, { headers: { host: 'attacker.example' } });
  expect(foreign.status()).toBe(403);
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('nyala-demo-'));
  await other.stop();
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith('nyala-demo-'));
  expect(after.length).toBe(before.length - 1);
});
