import { expect, test, type Browser, type Page } from '@playwright/test';
import { JULIET, ROMEO, Verona } from './verona.ts';

const EACH = 60;

let verona: Verona;

test.beforeAll(async () => {
  verona = await Verona.open();
});
test.afterAll(() => verona.close());
test.beforeEach(() => verona.beginTest());
test.afterEach(() => verona.endTest());

const say = (page: Page, chat: string, body: string): Promise<void> =>
  page.evaluate(([to, text]) => globalThis.bench.say(to ?? '', text ?? ''), [chat, body]);

/** Says one thing after the other in both chats; `page` may become another page meanwhile. */
async function talk(page: (n: number) => Page | Promise<Page>, partner: string, name: string): Promise<void> {
  for (let n = 0; n < EACH; n++) {
    const at = await page(n);
    await say(at, partner, `${verona.count} ${name} ${n}`);
    await say(at, verona.room, `${verona.count} ${name} ${n}`);
  }
}

const expected = (name: string): string[] => Array.from({ length: EACH }, (_, n) => `${verona.count} ${name} ${n}`);

/** Everything arrived, once and in order; what is one's own is safe. */
async function check(page: Page, chat: string, what: string, own: boolean): Promise<void> {
  const read = async (): Promise<unknown> => {
    const all = await page.evaluate((jid) => globalThis.bench.all(jid), chat);
    const bodies = (name: string): string[] => all.filter((message) => message.body.startsWith(`${verona.count} ${name} `)).map((message) => message.body);
    const unsafe = own ? all.filter((message) => message.mine && (message.state === 'sending' || message.state === 'failed')).length : 0;
    return { romeo: bodies('romeo'), juliet: bodies('juliet'), unsafe };
  };
  await expect.poll(read, { message: what, intervals: [500] }).toEqual({ romeo: expected('romeo'), juliet: expected('juliet'), unsafe: 0 });
}

async function checkAll(browser: Browser, romeo: Page, juliet: Page): Promise<void> {
  await check(romeo, JULIET, 'Romeo, alone with Juliet', true);
  await check(romeo, verona.room, 'Romeo in the room', true);
  await check(juliet, ROMEO, 'Juliet, alone with Romeo', true);
  await check(juliet, verona.room, 'Juliet in the room', true);
  await romeo.reload();
  await romeo.waitForFunction(() => globalThis.bench.model.connection === 'online');
  await check(romeo, JULIET, 'Romeo after a reload', true);
  await check(romeo, verona.room, 'Romeo in the room after a reload', true);
  const device = await verona.signIn(browser, ROMEO, verona.nyala.port);
  await device.waitForFunction((jid) => globalThis.bench.model.chats.some((chat) => chat.jid === jid && (chat.members ?? 0) > 0), verona.room);
  await check(device, JULIET, 'another device of Romeo', false);
  await check(device, verona.room, 'another device of Romeo in the room', false);
}

/** Both talk in both chats while something happens. */
async function during(browser: Browser, fault: (romeo: Page) => Promise<void>): Promise<void> {
  const { romeo, juliet } = await verona.begin(browser);
  await Promise.all([talk(() => romeo, JULIET, 'romeo'), talk(() => juliet, ROMEO, 'juliet'), fault(romeo)]);
  await checkAll(browser, romeo, juliet);
}

/** When that many of Romeo's messages are shown. */
async function spoken(romeo: Page, n: number): Promise<void> {
  const body = `${verona.count} romeo ${n}`;
  const read = (): Promise<boolean> => romeo.evaluate(([jid, text]) => globalThis.bench.all(jid ?? '').then((all) => all.some((one) => one.body === text)), [JULIET, body]);
  await expect.poll(read, { intervals: [50] }).toBe(true);
}

test('four resets', async ({ browser }) => {
  await during(browser, async (romeo) => {
    for (const n of [8, 20, 32, 44]) {
      await spoken(romeo, n);
      verona.proxy.reset();
    }
  });
  expect(verona.proxy.connections).toBeGreaterThan(4);
});

test('a black hole of four seconds', async ({ browser }) => {
  await during(browser, async (romeo) => {
    await spoken(romeo, 15);
    await verona.proxy.blackHole(4000);
  });
});

test('a server that cannot be reached for six seconds', async ({ browser }) => {
  await during(browser, async (romeo) => {
    await spoken(romeo, 15);
    await verona.proxy.down(6000);
  });
});

test('reloads in the middle', async ({ browser }) => {
  const { romeo, juliet } = await verona.begin(browser);
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
  const { romeo, juliet } = await verona.begin(browser);
  const second = await verona.newPage(romeo.context(), verona.proxy.port);
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
      await verona.nyala.kill();
      await verona.nyala.run();
    }
  });
});
