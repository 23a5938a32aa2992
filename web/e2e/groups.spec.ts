import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { Server } from 'node:http';
import { Nyala } from './nyala.ts';
import { Proxy } from './proxy.ts';
import { serve } from './site.ts';

const PASSWORD = 'correct horse';
const PEOPLE = ['ayu', 'budi', 'citra', 'dewi'] as const;
type Who = (typeof PEOPLE)[number];
const of = (who: Who): string => `${who}@localhost`;

let nyala: Nyala;
let proxy: Proxy;
let site: { server: Server; origin: string };
let contexts: BrowserContext[] = [];

test.beforeAll(async () => {
  nyala = await Nyala.start();
  for (const who of PEOPLE) await nyala.addAccount(who, PASSWORD);
  proxy = await Proxy.to(nyala.port);
  site = await serve();
});

test.afterAll(async () => {
  proxy.close();
  site.server.close();
  await nyala.stop();
});

test.afterEach(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
});

async function signIn(browser: Browser, who: Who, port = nyala.port): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await context.newPage();
  await page.goto(`${site.origin}/?ws=${encodeURIComponent(`ws://127.0.0.1:${port}/xmpp-websocket`)}`);
  await page.evaluate(([address, password]) => globalThis.bench.model.signIn(address ?? '', password ?? ''), [of(who), PASSWORD]);
  await page.waitForFunction(() => globalThis.bench.model.connection === 'online');
  return page;
}

/** All know each other. */
async function friends(pages: Partial<Record<Who, Page>>): Promise<void> {
  const here = Object.entries(pages) as [Who, Page][];
  for (const [who, page] of here) for (const [other] of here) if (other !== who) await page.evaluate((jid) => globalThis.bench.model.startChat(jid).then(() => undefined), of(other));
  for (const [, page] of here) await page.waitForFunction((n) => globalThis.bench.model.people.contacts.filter((each) => each.subscription === 'both').length >= n, here.length - 1);
}

const create = (page: Page, name: string, people: Who[]): Promise<string> =>
  page.evaluate(([called, jids]) => globalThis.bench.model.groups.create(called as string, jids as string[]).then((chat) => chat.jid), [name, people.map(of)] as const);

const inside = (page: Page, room: string, members: number): Promise<unknown> =>
  page.waitForFunction(([jid, n]) => { const group = globalThis.bench.model.groups.get(jid as string); return group?.making === undefined && group?.members.length === n && globalThis.bench.model.groups.row(jid as string)?.closed; }, [room, members] as const);

const say = (page: Page, chat: string, body: string): Promise<void> => page.evaluate(([to, text]) => globalThis.bench.say(to ?? '', text ?? ''), [chat, body]);
const hears = (page: Page, chat: string, body: string): Promise<void> =>
  expect.poll(() => page.evaluate((jid) => globalThis.bench.all(jid), chat).then((all) => all.map((one) => one.body)), { message: body }).toContain(body);
const stateOf = (page: Page, chat: string, body: string): Promise<string | undefined> =>
  page.evaluate((jid) => globalThis.bench.all(jid), chat).then((all) => all.find((one) => one.body === body)?.state);
const reads = (page: Page, chat: string, body: string): Promise<void> => page.evaluate(([jid, text]) => globalThis.bench.read(jid ?? '', text ?? ''), [chat, body]);
const gone = (page: Page, room: string): Promise<string | undefined> =>
  page.evaluate((jid) => globalThis.bench.model.chats.find((chat) => chat.jid === jid)?.gone, room);

test('a group of three: blue only when all have read it; one leaves, the admin removes one', async ({ browser }) => {
  const [ayu, budi, citra] = await Promise.all([signIn(browser, 'ayu'), signIn(browser, 'budi'), signIn(browser, 'citra')]);
  await friends({ ayu, budi, citra });
  const room = await create(ayu, 'Arisan', ['budi', 'citra']);
  for (const page of [ayu, budi, citra]) await inside(page, room, 3);
  for (const page of [budi, citra]) expect(await page.evaluate((jid) => globalThis.bench.model.chats.find((chat) => chat.jid === jid)?.name, room)).toBe('Arisan');

  await say(ayu, room, 'Besok jam berapa?');
  await hears(budi, room, 'Besok jam berapa?');
  await hears(citra, room, 'Besok jam berapa?');
  await expect.poll(() => stateOf(ayu, room, 'Besok jam berapa?'), 'both have it').toBe('delivered');
  await reads(budi, room, 'Besok jam berapa?');
  await expect.poll(() => ayu.evaluate((jid) => globalThis.bench.model.chats.find((chat) => chat.jid === jid)?.last?.readBy, room), 'Budi has read it').toBe(1);
  expect(await stateOf(ayu, room, 'Besok jam berapa?')).toBe('delivered');
  await reads(citra, room, 'Besok jam berapa?');
  await expect.poll(() => stateOf(ayu, room, 'Besok jam berapa?'), 'all have read it').toBe('read');

  await citra.evaluate((jid) => globalThis.bench.model.groups.leave(jid), room);
  for (const page of [ayu, budi]) await inside(page, room, 2);
  expect(await gone(citra, room)).toBe('left');
  await say(ayu, room, 'Tinggal kita berdua');
  await hears(budi, room, 'Tinggal kita berdua');
  await reads(budi, room, 'Tinggal kita berdua');
  await expect.poll(() => stateOf(ayu, room, 'Tinggal kita berdua'), 'who has left is not waited for').toBe('read');

  expect(await budi.evaluate(([jid, who]) => globalThis.bench.model.groups.rule(jid ?? '', [who ?? ''], 'none'), [room, of('ayu')]), 'members may not').toBe('forbidden');
  expect(await ayu.evaluate(([jid, who]) => globalThis.bench.model.groups.rule(jid ?? '', [who ?? ''], 'none'), [room, of('budi')])).toBeUndefined();
  await expect.poll(() => gone(budi, room)).toBe('removed');
  await hears(budi, room, 'Tinggal kita berdua');
});

test('only admins write, and what somebody said is taken back for all', async ({ browser }) => {
  const [ayu, budi] = await Promise.all([signIn(browser, 'ayu'), signIn(browser, 'budi')]);
  await friends({ ayu, budi });
  const room = await create(ayu, 'Pengumuman', ['budi']);
  for (const page of [ayu, budi]) await inside(page, room, 2);
  await say(budi, room, 'Iklan');
  await hears(ayu, room, 'Iklan');
  const refusal = await ayu.evaluate(async (jid) => {
    const key = globalThis.bench.model.chats.find((chat) => chat.jid === jid)?.last?.key ?? '';
    return globalThis.bench.model.groups.moderate(jid, key);
  }, room);
  expect(refusal).toBeUndefined();
  for (const page of [ayu, budi]) await expect.poll(() => page.evaluate((jid) => globalThis.bench.model.chats.find((chat) => chat.jid === jid)?.last?.retracted, room)).toBe(true);

  expect(await ayu.evaluate((jid) => globalThis.bench.model.groups.configure(jid, { adminsOnly: true }), room)).toBeUndefined();
  await budi.waitForFunction((jid) => globalThis.bench.model.chats.find((chat) => chat.jid === jid)?.voiceless === true, room);
  await say(ayu, room, 'Rapat Jumat');
  await hears(budi, room, 'Rapat Jumat');
  await reads(budi, room, 'Rapat Jumat');
  await expect.poll(() => stateOf(ayu, room, 'Rapat Jumat'), 'who may not write has read it all the same').toBe('read');
});

test('who was away when a group was made finds it, and one made in the middle of cuts is whole', async ({ browser }) => {
  const [ayu, dewi] = await Promise.all([signIn(browser, 'ayu', proxy.port), signIn(browser, 'dewi')]);
  await friends({ ayu, dewi });
  await dewi.context().close();
  contexts = contexts.filter((context) => context !== dewi.context());
  const room = await create(ayu, 'Dieng', ['dewi']);
  await say(ayu, room, 'Sebelum grup ada');
  proxy.reset();
  await inside(ayu, room, 2);
  await expect.poll(() => stateOf(ayu, room, 'Sebelum grup ada')).toBe('safe');
  const again = await signIn(browser, 'dewi');
  await inside(again, room, 2);
  await hears(again, room, 'Sebelum grup ada');
});

test('a blocked person does not get through, and does again when let in', async ({ browser }) => {
  const [ayu, citra] = await Promise.all([signIn(browser, 'ayu'), signIn(browser, 'citra')]);
  await friends({ ayu, citra });
  await say(citra, of('ayu'), 'Halo');
  await hears(ayu, of('citra'), 'Halo');
  expect(await ayu.evaluate((jid) => globalThis.bench.model.people.block(jid, { reason: 'spam', text: '' }), of('citra'))).toBeUndefined();
  await say(citra, of('ayu'), 'Tidak sampai');
  await expect.poll(() => stateOf(citra, of('ayu'), 'Tidak sampai'), 'the server has said that it is not delivered').toBe('failed');
  expect(await ayu.evaluate((jid) => globalThis.bench.model.people.unblock(jid), of('citra'))).toBeUndefined();
  await say(citra, of('ayu'), 'Sampai');
  await hears(ayu, of('citra'), 'Sampai');
  expect((await ayu.evaluate((jid) => globalThis.bench.all(jid), of('citra'))).map((one) => one.body)).not.toContain('Tidak sampai');
});

test('a name and a picture of one’s own are seen by others', async ({ browser }) => {
  const [ayu, budi] = await Promise.all([signIn(browser, 'ayu'), signIn(browser, 'budi')]);
  await friends({ ayu, budi });
  expect(await ayu.evaluate(() => globalThis.bench.model.people.setName('Ayu Lestari'))).toBeUndefined();
  const refusal = await ayu.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
    canvas.getContext('2d')?.fillRect(0, 0, 32, 32);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg'));
    return globalThis.bench.model.people.setPicture(picture);
  });
  expect(refusal).toBeUndefined();
  await budi.waitForFunction((jid) => { const contact = globalThis.bench.model.people.contacts.find((each) => each.jid === jid); return contact?.name === 'Ayu Lestari' && contact.avatar?.startsWith('blob:') === true; }, of('ayu'));
  const again = await signIn(browser, 'ayu');
  await again.waitForFunction(() => globalThis.bench.model.me?.name === 'Ayu Lestari' && globalThis.bench.model.me.avatar !== undefined);
});
