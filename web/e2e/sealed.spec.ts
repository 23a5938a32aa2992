import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { Server } from 'node:http';
import { Nyala } from './nyala.ts';
import { Profanity } from './profanity.ts';
import { Proxy } from './proxy.ts';
import { serve } from './site.ts';
import './verona.ts';

const PASSWORD = 'correct horse';
const PEOPLE = ['romeo', 'juliet', 'nurse'] as const;
type Who = (typeof PEOPLE)[number];
const of = (who: Who): string => `${who}@localhost`;

let nyala: Nyala;
let proxy: Proxy;
let site: { server: Server; origin: string };
let contexts: BrowserContext[] = [];
/** All that the pages have sent, as a server sees it. */
let wire: string[] = [];
let violations: string[] = [];

test.beforeEach(async () => {
  nyala = await Nyala.start({ clients: true });
  for (const who of PEOPLE) await nyala.addAccount(who, PASSWORD);
  proxy = await Proxy.to(nyala.port);
  site = await serve();
  contexts = [];
  wire = [];
  violations = [];
});

test.afterEach(async () => {
  for (const context of contexts) await context.close();
  proxy.close();
  site.server.close();
  await nyala.stop();
  expect(violations, 'what the page threw, and what its policy refused').toEqual([]);
});

async function signIn(browser: Browser, who: Who, port = nyala.port): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await context.newPage();
  page.on('pageerror', (error) => violations.push(String(error)));
  page.on('console', (line) => { if (/Content Security Policy|Trusted/i.test(line.text())) violations.push(line.text()); });
  page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => wire.push(String(payload))));
  await page.goto(`${site.origin}/?seal&ws=${encodeURIComponent(`ws://127.0.0.1:${port}/xmpp-websocket`)}`);
  await page.evaluate(([address, password]) => globalThis.bench.model.signIn(address ?? '', password ?? ''), [of(who), PASSWORD]);
  await page.waitForFunction(() => globalThis.bench.model.connection === 'online');
  return page;
}

const begin = (page: Page, who: Who): Promise<void> => page.evaluate((jid) => globalThis.bench.model.startChat(jid).then(() => void globalThis.bench.seals(jid)), of(who));
const say = (page: Page, chat: string, body: string): Promise<void> => page.evaluate(([to, text]) => globalThis.bench.say(to ?? '', text ?? ''), [chat, body]);
const locked = (page: Page, chat: string): Promise<unknown> => page.waitForFunction((jid) => globalThis.bench.model.chats.find((each) => each.jid === jid)?.lock === 'sealed', chat);

/** Romeo and Juliet in one chat that is encrypted on both sides. @param port Where Romeo connects. */
async function together(browser: Browser, port?: number): Promise<[romeo: Page, juliet: Page]> {
  const [romeo, juliet] = await Promise.all([signIn(browser, 'romeo', port), signIn(browser, 'juliet')]);
  await begin(romeo, 'juliet');
  await begin(juliet, 'romeo');
  await Promise.all([locked(romeo, of('juliet')), locked(juliet, of('romeo'))]);
  return [romeo, juliet];
}

const shows = (page: Page, chat: string, body: string, mine: boolean): Promise<void> =>
  expect.poll(() => page.evaluate((jid) => globalThis.bench.seals(jid), chat), { message: body }).toContainEqual({ body, mine, encrypted: 'omemo', state: expect.stringMatching(/safe|delivered|read/u) as unknown as 'safe' });
const hears = (profanity: Profanity, body: string): Promise<void> => expect.poll(() => profanity.heard.filter((one) => one.encrypted).map((one) => one.body), { message: body }).toContain(body);

test('two people and Profanity, each with each', async ({ browser }) => {
  const nurse = await Profanity.start(of('nurse'), PASSWORD, nyala.clients ?? 0);
  try {
    const [romeo, juliet] = await together(browser);
    for (const [body, page, to, other, from] of [['from Romeo', romeo, 'juliet', juliet, 'romeo'], ['from Juliet', juliet, 'romeo', romeo, 'juliet'], ['again from Romeo', romeo, 'juliet', juliet, 'romeo']] as const) {
      await say(page, of(to), body);
      await shows(page, of(to), body, true);
      await shows(other, of(from), body, false);
    }
    await romeo.evaluate((jid) => globalThis.bench.share(jid, 'plan.bin', 5000), of('juliet'));
    await expect.poll(() => juliet.evaluate((jid) => globalThis.bench.files(jid), of('romeo')), { message: 'the file' }).toMatchObject([{ whole: true, mine: false }]);

    await begin(romeo, 'nurse');
    await locked(romeo, of('nurse'));
    await say(romeo, of('nurse'), 'Romeo to Profanity');
    await hears(nurse, 'Romeo to Profanity');
    nurse.say(of('romeo'), 'Profanity to Romeo');
    await shows(romeo, of('nurse'), 'Profanity to Romeo', false);
    nurse.say(of('juliet'), 'Profanity opens');
    await shows(juliet, of('nurse'), 'Profanity opens', false);
    await say(juliet, of('nurse'), 'Juliet answers');
    await hears(nurse, 'Juliet answers');
    for (const body of ['from Romeo', 'from Juliet', 'plan.bin', 'Romeo to Profanity', 'Juliet answers']) expect(wire.some((frame) => frame.includes(body)), `${body} in the clear`).toBe(false);
  } finally {
    await nurse.stop();
  }
});

test('a private group of two people and Profanity', async ({ browser }) => {
  const nurse = await Profanity.start(of('nurse'), PASSWORD, nyala.clients ?? 0);
  try {
    const [romeo, juliet] = await together(browser);
    const room = await romeo.evaluate((people) => globalThis.bench.model.groups.create('Verona', people).then((chat) => chat.jid), [of('juliet'), of('nurse')]);
    for (const page of [romeo, juliet]) {
      await page.waitForFunction((jid) => globalThis.bench.model.groups.row(jid)?.closed === true && globalThis.bench.model.groups.get(jid)?.members.length === 3, room);
      await page.evaluate((jid) => void globalThis.bench.seals(jid), room);
      await locked(page, room);
    }
    await nurse.join(room);
    nurse.type(`/win ${room}`);
    nurse.type('/omemo start');
    await say(romeo, room, 'Romeo in the group');
    await shows(juliet, room, 'Romeo in the group', false);
    await hears(nurse, 'Romeo in the group');
    await say(juliet, room, 'Juliet in the group');
    await shows(romeo, room, 'Juliet in the group', false);
    await hears(nurse, 'Juliet in the group');
    nurse.type('Profanity in the group');
    await shows(romeo, room, 'Profanity in the group', false);
    await shows(juliet, room, 'Profanity in the group', false);
    expect(wire.some((frame) => frame.includes('in the group'))).toBe(false);
  } finally {
    await nurse.stop();
  }
});

const EACH = 24;

test('resets, a reload and a killed server while encrypted messages fly', async ({ browser }) => {
  const [romeo, juliet] = await together(browser, proxy.port);
  const talk = async (page: Page, to: Who, name: string, fault: (n: number) => Promise<void> = () => Promise.resolve()): Promise<void> => {
    for (let n = 0; n < EACH; n++) {
      await fault(n);
      await say(page, of(to), `${name} ${n}`);
    }
  };
  const fault = async (n: number): Promise<void> => {
    if (n === 5 || n === 9) proxy.reset();
    if (n === 13) {
      await nyala.kill();
      await nyala.run();
    }
    if (n === 18) {
      await romeo.reload();
      await romeo.evaluate(() => globalThis.bench.restored);
    }
  };
  await Promise.all([talk(romeo, 'juliet', 'romeo', fault), talk(juliet, 'romeo', 'juliet')]);
  const expected = (name: string): string[] => Array.from({ length: EACH }, (_, n) => `${name} ${n}`);
  for (const [page, chat] of [[romeo, of('juliet')], [juliet, of('romeo')]] as const) {
    const read = async (): Promise<unknown> => {
      const all = await page.evaluate((jid) => globalThis.bench.all(jid).then(() => globalThis.bench.seals(jid)), chat);
      const said = (name: string): string[] => all.filter((one) => one.body.startsWith(`${name} `)).map((one) => one.body);
      return { romeo: said('romeo'), juliet: said('juliet'), clear: all.filter((one) => one.encrypted !== 'omemo').length, unsafe: all.filter((one) => one.state === 'sending' || one.state === 'failed').length };
    };
    await expect.poll(read, { intervals: [500] }).toEqual({ romeo: expected('romeo'), juliet: expected('juliet'), clear: 0, unsafe: 0 });
  }
  expect(wire.some((frame) => /<body[^>]*>(?:romeo|juliet) \d/u.test(frame))).toBe(false);
});

test('the screens show the lock and the devices behind it', async ({ browser }) => {
  const enter = async (who: Who, other: Who, origin: string): Promise<Page> => {
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 800 } });
    contexts.push(context);
    const page = await context.newPage();
    page.on('pageerror', (error) => violations.push(String(error)));
    page.on('console', (line) => { if (/Content Security Policy|Trusted/i.test(line.text())) violations.push(line.text()); });
    await page.goto(origin);
    await page.getByLabel('Address').fill(of(who));
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await expect(page.getByLabel('Address')).toBeHidden();
    await page.goto(`${origin}/#/new`);
    await page.getByRole('searchbox').last().fill(of(other));
    await page.getByRole('button', { name: `Start a chat with ${of(other)}` }).click();
    return page;
  };
  const romeo = await enter('romeo', 'juliet', `http://localhost:${nyala.port}`);
  const juliet = await enter('juliet', 'romeo', `http://127.0.0.1:${nyala.port}`);
  await expect(juliet.getByLabel(/^Message to/)).toBeVisible();
  // Juliet has come by now; her device is told to whom she lets see her, and looked up by everybody else when a session begins.
  await romeo.reload();
  await romeo.getByRole('button', { name: /Chat info/ }).click();
  const lock = romeo.getByRole('switch', { name: 'Encrypt what I write' });
  await expect(lock).not.toBeChecked();
  await lock.click();
  await expect(romeo.locator('header .lock')).toHaveAttribute('title', 'End-to-end encrypted');
  await expect(romeo.getByText('End-to-end encrypted').last()).toBeVisible();
  await expect(romeo.getByText('Not encrypted')).toHaveCount(0);
  await romeo.getByLabel(/^Message to/).fill('Wherefore art thou?');
  await romeo.getByLabel(/^Message to/).press('Enter');
  await expect(juliet.getByText('Wherefore art thou?').first()).toBeVisible();
  // Whom somebody writes to in this way answers so.
  await expect(juliet.locator('header .lock')).toHaveAttribute('title', 'End-to-end encrypted');
  await romeo.getByRole('button', { name: 'They are the same' }).click();
  await expect(romeo.getByText('Verified', { exact: true })).toBeVisible();
  await romeo.getByRole('button', { name: 'Show my verification code' }).click();
  await expect(romeo.getByRole('img', { name: /^Verification code/ })).toBeVisible();
  await romeo.screenshot({ path: '../artifacts/web-e2e/sealed-info.png' });
  await lock.click();
  await expect(romeo.locator('header .lock')).toHaveAttribute('title', 'Encryption is off');
});
