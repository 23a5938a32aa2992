import { expect, test, type Browser, type Page } from '@playwright/test';
import { JULIET, ROMEO, Verona } from './verona.ts';

const EACH = 6;
const SIZE = 400_000;

let verona: Verona;

test.beforeAll(async () => {
  verona = await Verona.open();
});
test.afterAll(() => verona.close());
test.beforeEach(() => verona.beginTest());
test.afterEach(() => verona.endTest());

const named = (who: string, n: number): string => `${verona.count}-${who}-${n}.bin`;
const expected = (who: string): string[] => Array.from({ length: EACH }, (_, n) => named(who, n));

/** Shares one file after the other in both chats, and says something beside each. */
async function share(page: Page, partner: string, who: string): Promise<void> {
  for (let n = 0; n < EACH; n++) {
    for (const chat of [partner, verona.room]) {
      await page.evaluate(([to, name, size]) => globalThis.bench.share(to, name, size), [chat, named(who, n), SIZE] as const);
      await page.evaluate(([to, text]) => globalThis.bench.say(to ?? '', text ?? ''), [chat, `beside ${named(who, n)}`]);
    }
  }
}

/** Every file has arrived once and whole, in the order its sender chose; one's own are safe. */
async function check(page: Page, chat: string, what: string): Promise<void> {
  const read = async (): Promise<unknown> => {
    const files = await page.evaluate((jid) => globalThis.bench.files(jid), chat);
    const names = (who: string): string[] => files.filter((file) => file.name.startsWith(`${verona.count}-${who}-`)).map((file) => file.name);
    return { romeo: names('romeo'), juliet: names('juliet'), broken: files.filter((file) => !file.whole).length, unsafe: files.filter((file) => file.mine && ['sending', 'failed'].includes(file.state)).length };
  };
  await expect.poll(read, { message: what, intervals: [500] }).toEqual({ romeo: expected('romeo'), juliet: expected('juliet'), broken: 0, unsafe: 0 });
}

async function checkAll(browser: Browser, romeo: Page, juliet: Page): Promise<void> {
  await check(romeo, JULIET, 'Romeo, alone with Juliet');
  await check(romeo, verona.room, 'Romeo in the room');
  await check(juliet, ROMEO, 'Juliet, alone with Romeo');
  await check(juliet, verona.room, 'Juliet in the room');
  const device = await verona.signIn(browser, ROMEO, verona.nyala.port);
  await device.waitForFunction((jid) => globalThis.bench.model.chats.some((chat) => chat.jid === jid && (chat.members ?? 0) > 0), verona.room);
  await check(device, JULIET, 'another device of Romeo');
  await check(device, verona.room, 'another device of Romeo in the room');
}

/** Both share in both chats, while the network stops several times in the middle of a file, and then something happens. */
async function during(browser: Browser, fault: (romeo: Page) => Promise<void>): Promise<void> {
  const { romeo, juliet } = await verona.begin(browser);
  const stopping = async (): Promise<void> => {
    for (let time = 0; time < 3; time++) {
      await verona.proxy.stallAfter(SIZE * 1.5);
      await fault(romeo);
    }
  };
  await Promise.all([share(romeo, JULIET, 'romeo'), share(juliet, ROMEO, 'juliet'), stopping()]);
  await checkAll(browser, romeo, juliet);
}

test('files, cut off in the middle by resets', async ({ browser }) => {
  await during(browser, () => {
    verona.proxy.hear();
    return Promise.resolve();
  });
});

test('files, and a server that is killed in the middle of one', async ({ browser }) => {
  await during(browser, async () => {
    await verona.nyala.kill();
    verona.proxy.hear();
    await verona.nyala.run();
  });
});

test('files, and reloads in the middle of one', async ({ browser }) => {
  const { romeo, juliet } = await verona.begin(browser);
  const sharing = share(juliet, ROMEO, 'juliet');
  // All of them are safe here before the first has gone far: what a reload could lose is what counts.
  const stalled = verona.proxy.stallAfter(SIZE / 2);
  await share(romeo, JULIET, 'romeo');
  await stalled;
  for (const bytes of [SIZE * 1.5, SIZE * 2.5]) {
    const again = verona.proxy.stallAfter(bytes);
    verona.proxy.hear();
    await romeo.reload();
    await romeo.evaluate(() => globalThis.bench.restored);
    await again;
  }
  verona.proxy.hear();
  await romeo.reload();
  await romeo.evaluate(() => globalThis.bench.restored);
  await sharing;
  await checkAll(browser, romeo, juliet);
});
