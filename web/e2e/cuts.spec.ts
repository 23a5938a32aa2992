import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { Server } from 'node:http';
import { Nyala } from './nyala.ts';
import type { Bench } from './page/main.ts';
import { Proxy } from './proxy.ts';
import { serve } from './site.ts';

declare global {
  var bench: Bench;
}

const ROMEO = 'romeo@localhost';
const JULIET = 'juliet@localhost';
const PASSWORD = 'correct horse';
const EACH = 60;

let nyala: Nyala;
let proxy: Proxy;
let site: { server: Server; origin: string };
let room: string;
let contexts: BrowserContext[];
let violations: string[];
let count = 0;

test.beforeAll(async () => {
  nyala = await Nyala.start();
  await nyala.addAccount('romeo', PASSWORD);
  await nyala.addAccount('juliet', PASSWORD);
  proxy = await Proxy.to(nyala.port);
  site = await serve();
});

test.afterAll(async () => {
  proxy.close();
  site.server.close();
  await nyala.stop();
});

test.beforeEach(() => {
  contexts = [];
  violations = [];
  room = `verona${++count}@rooms.localhost`;
});

test.afterEach(async () => {
  for (const context of contexts) await context.close();
  expect(violations, 'what the page threw, and what its policy refused').toEqual([]);
});

async function newPage(context: BrowserContext, port: number): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => violations.push(String(error)));
  page.on('console', (line) => {
    if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(line.text())) violations.push(line.text());
  });
  await page.goto(`${site.origin}/?ws=${encodeURIComponent(`ws://127.0.0.1:${port}/xmpp-websocket`)}`);
  return page;
}

async function signIn(browser: Browser, address: string, port: number): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await newPage(context, port);
  await page.evaluate(([account, password]) => globalThis.bench.model.signIn(account ?? '', password ?? ''), [address, PASSWORD]);
  await page.waitForFunction(() => globalThis.bench.model.connection === 'online');
  return page;
}

/** Both are there, know each other, and are in the room. */
async function begin(browser: Browser): Promise<{ romeo: Page; juliet: Page }> {
  const [romeo, juliet] = await Promise.all([signIn(browser, ROMEO, proxy.port), signIn(browser, JULIET, nyala.port)]);
  await romeo.evaluate((jid) => globalThis.bench.model.startChat(jid), JULIET);
  await juliet.evaluate((jid) => globalThis.bench.model.startChat(jid), ROMEO);
  await romeo.evaluate((jid) => globalThis.bench.model.joinGroup(jid, 'Verona'), room);
  await romeo.evaluate(([to, jid]) => globalThis.bench.model.invite(to ?? '', jid ?? ''), [room, JULIET]);
  await juliet.waitForFunction((jid) => globalThis.bench.model.chats.some((chat) => chat.jid === jid && (chat.members ?? 0) > 0), room);
  return { romeo, juliet };
}

const say = (page: Page, chat: string, body: string): Promise<void> =>
  page.evaluate(([to, text]) => globalThis.bench.say(to ?? '', text ?? ''), [chat, body]);

/** Says one thing after the other in both chats; `page` may become another page meanwhile. */
async function talk(page: (n: number) => Page | Promise<Page>, partner: string, name: string): Promise<void> {
  for (let n = 0; n < EACH; n++) {
    const at = await page(n);
    await say(at, partner, `${count} ${name} ${n}`);
    await say(at, room, `${count} ${name} ${n}`);
  }
}

const expected = (name: string): string[] => Array.from({ length: EACH }, (_, n) => `${count} ${name} ${n}`);

/** Everything arrived, once and in order; what is one's own is safe. */
async function check(page: Page, chat: string, what: string, own: boolean): Promise<void> {
  const read = async (): Promise<unknown> => {
    const all = await page.evaluate((jid) => globalThis.bench.all(jid), chat);
    const bodies = (name: string): string[] => all.filter((message) => message.body.startsWith(`${count} ${name} `)).map((message) => message.body);
    const unsafe = own ? all.filter((message) => message.mine && (message.state === 'sending' || message.state === 'failed')).length : 0;
    return { romeo: bodies('romeo'), juliet: bodies('juliet'), unsafe };
  };
  await expect.poll(read, { message: what, intervals: [500] }).toEqual({ romeo: expected('romeo'), juliet: expected('juliet'), unsafe: 0 });
}

async function checkAll(browser: Browser, romeo: Page, juliet: Page): Promise<void> {
  await check(romeo, JULIET, 'Romeo, alone with Juliet', true);
  await check(romeo, room, 'Romeo in the room', true);
  await check(juliet, ROMEO, 'Juliet, alone with Romeo', true);
  await check(juliet, room, 'Juliet in the room', true);
  await romeo.reload();
  await romeo.waitForFunction(() => globalThis.bench.model.connection === 'online');
  await check(romeo, JULIET, 'Romeo after a reload', true);
  await check(romeo, room, 'Romeo in the room after a reload', true);
  const device = await signIn(browser, ROMEO, nyala.port);
  await device.waitForFunction((jid) => globalThis.bench.model.chats.some((chat) => chat.jid === jid && (chat.members ?? 0) > 0), room);
  await check(device, JULIET, 'another device of Romeo', false);
  await check(device, room, 'another device of Romeo in the room', false);
}

/** Both talk in both chats while something happens. */
async function during(browser: Browser, fault: (romeo: Page) => Promise<void>): Promise<void> {
  const { romeo, juliet } = await begin(browser);
  await Promise.all([talk(() => romeo, JULIET, 'romeo'), talk(() => juliet, ROMEO, 'juliet'), fault(romeo)]);
  await checkAll(browser, romeo, juliet);
}

/** When that many of Romeo's messages are shown. */
async function spoken(romeo: Page, n: number): Promise<void> {
  const body = `${count} romeo ${n}`;
  const read = (): Promise<boolean> => romeo.evaluate(([jid, text]) => globalThis.bench.all(jid ?? '').then((all) => all.some((one) => one.body === text)), [JULIET, body]);
  await expect.poll(read, { intervals: [50] }).toBe(true);
}

test('four resets', async ({ browser }) => {
  await during(browser, async (romeo) => {
    for (const n of [8, 20, 32, 44]) {
      await spoken(romeo, n);
      proxy.reset();
    }
  });
  expect(proxy.connections).toBeGreaterThan(4);
});

test('a black hole of four seconds', async ({ browser }) => {
  await during(browser, async (romeo) => {
    await spoken(romeo, 15);
    await proxy.blackHole(4000);
  });
});

test('a server that cannot be reached for six seconds', async ({ browser }) => {
  await during(browser, async (romeo) => {
    await spoken(romeo, 15);
    await proxy.down(6000);
  });
});

test('reloads in the middle', async ({ browser }) => {
  const { romeo, juliet } = await begin(browser);
  const reloading = async (n: number): Promise<Page> => {
    if (n === 15 || n === 30) {
      await romeo.reload();
      await romeo.evaluate(() => globalThis.bench.restored);
    }
    return romeo;
  };
  await Promise.all([talk(reloading, JULIET, 'romeo'), talk(() => juliet, ROMEO, 'juliet')]);
  await checkAll(browser, romeo, juliet);
});

test('two tabs, of which the leading one is closed', async ({ browser }) => {
  const { romeo, juliet } = await begin(browser);
  const second = await newPage(romeo.context(), proxy.port);
  await second.evaluate(() => globalThis.bench.restored);
  const alternating = async (n: number): Promise<Page> => {
    if (n === 30) await romeo.close();
    return n < 30 && n % 2 === 0 ? romeo : second;
  };
  await Promise.all([talk(alternating, JULIET, 'romeo'), talk(() => juliet, ROMEO, 'juliet')]);
  await checkAll(browser, second, juliet);
});

test('a server that is killed and comes back', async ({ browser }) => {
  await during(browser, async (romeo) => {
    for (const n of [12, 35]) {
      await spoken(romeo, n);
      await nyala.kill();
      await nyala.run();
    }
  });
});
