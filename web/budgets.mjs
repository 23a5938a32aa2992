/**
 * Counts what must not grow with a chat's length, in the built app on a slow machine (CPU 4×, over the DevTools protocol): rows read and layout
 * shift when a chat is opened, blank frames and rows in the page while it scrolls, writes while somebody types. Times are printed, not judged.
 * `node budgets.mjs` after `npm run build`.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { serve } from './pictures/serve.mjs';

const account = 'me@127.0.0.1';
const chats = [{ jid: 'short@127.0.0.1', name: 'Short', count: 50 }, { jid: 'long@127.0.0.1', name: 'Long', count: 50_000 }];

/** In the page, before the app: counts the work of the database. */
function count() {
  window.counted = { rows: 0, writes: 0, shift: 0 };
  const { getAll } = IDBIndex.prototype;
  IDBIndex.prototype.getAll = function (...args) {
    const request = getAll.apply(this, args);
    request.addEventListener('success', () => { window.counted.rows += request.result.length; });
    return request;
  };
  const { openCursor } = IDBIndex.prototype;
  IDBIndex.prototype.openCursor = function (...args) {
    const request = openCursor.apply(this, args);
    request.addEventListener('success', () => { window.counted.rows += request.result ? 1 : 0; });
    return request;
  };
  const { transaction } = IDBDatabase.prototype;
  IDBDatabase.prototype.transaction = function (stores, mode, ...rest) {
    if (mode === 'readwrite') window.counted.writes++;
    return transaction.call(this, stores, mode, ...rest);
  };
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.counted.shift += entry.value; }).observe({ type: 'layout-shift', buffered: true });
}

/** In the page: puts messages into the database that the app has made. */
async function fill([owner, all]) {
  const opened = indexedDB.open(`nyala:${owner}`);
  const db = await new Promise((resolve, reject) => { opened.onsuccess = () => resolve(opened.result); opened.onerror = () => reject(opened.error); });
  const done = (tx) => new Promise((resolve, reject) => { tx.oncomplete = resolve; tx.onerror = () => reject(tx.error); });
  for (const { jid, name, count } of all) {
    for (let from = 0; from < count; from += 5000) {
      const tx = db.transaction('messages', 'readwrite');
      for (let i = from; i < Math.min(count, from + 5000); i++) {
        const mine = i % 3 === 0;
        tx.objectStore('messages').put({ key: `${name}-${i}`, chat: jid, id: `${name}-${i}`, stanzaId: `${name}-${i}`, archive: owner, sender: mine ? owner : jid, senderName: name, mine, at: 1.7e12 + i * 60_000, order: i + 1, body: `${i} ${'words '.repeat(1 + (i * 7) % 25)}`, state: 'read', reactions: {}, attachments: [], encrypted: 'none' });
      }
      await done(tx);
    }
    const tx = db.transaction('chats', 'readwrite');
    tx.objectStore('chats').put({ jid, kind: 'direct', name, lastKey: `${name}-${count - 1}`, lastAt: 1.7e12 + count * 60_000, unread: 0, mentioned: false, markedUnread: false, pinned: false, muted: false, archived: false, draft: '', request: false, minOrder: 0, maxOrder: count, complete: true });
    await done(tx);
  }
  const tx = db.transaction('meta', 'readwrite');
  tx.objectStore('meta').put('none', `cursor:${owner}`);
  tx.objectStore('meta').put({ id: '' }, `horizon:${owner}`);
  await done(tx);
  db.close();
}

/** In the page: scrolls up by `steps` screens' thirds, and looks at each frame. */
async function scrollUp(steps) {
  const view = document.querySelector('.view');
  const seen = new Set();
  const frame = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 0)); });
  let blank = 0;
  let most = 0;
  for (let step = 0; step < steps; step++) {
    view.scrollTop -= view.clientHeight / 3;
    await frame();
    const box = view.getBoundingClientRect();
    const rows = [...view.querySelectorAll('[data-key]')];
    for (const row of rows) seen.add(row.dataset.key);
    most = Math.max(most, rows.length);
    if (!rows.some((row) => { const place = row.getBoundingClientRect(); return place.bottom > box.top && place.top < box.bottom; })) blank++;
  }
  return { blank, most, seen: seen.size };
}

const folder = new URL('../artifacts/web/', import.meta.url).pathname;
const site = await serve(folder);
const data = await mkdtemp(join(tmpdir(), 'nyala-budgets-'));
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'], env: { ...process.env, HOME: data } });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce' });
  await page.addInitScript(count);
  await page.goto(site.address);
  await page.locator('#app > *').first().waitFor();
  await page.evaluate(async (owner) => {
    const opened = indexedDB.open('nyala', 1);
    const db = await new Promise((resolve) => { opened.onsuccess = () => resolve(opened.result); });
    await new Promise((resolve) => { const tx = db.transaction('session', 'readwrite'); tx.objectStore('session').put({ account: owner, deviceId: crypto.randomUUID(), token: { mechanism: 'HT-SHA-256-NONE', token: 'none' } }, 'current'); tx.oncomplete = resolve; });
    db.close();
  }, account);
  await page.reload();
  await page.locator('nav h1').waitFor();
  await page.evaluate(fill, [account, chats]);
  const tools = await page.context().newCDPSession(page);
  await tools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  const found = {};
  for (const { name } of chats) {
    await page.goto(site.address);
    await page.reload();
    await page.locator('[data-jid]', { hasText: name }).waitFor();
    // There is no server: the bar that says so is there before anything is counted.
    await page.getByText(/No connection|Tidak ada koneksi/u).waitFor();
    await page.evaluate(() => { Object.assign(window.counted, { rows: 0, shift: 0 }); });
    const began = Date.now();
    await page.locator('[data-jid]', { hasText: name }).click();
    await page.locator('.view [data-key]').first().waitFor();
    const took = Date.now() - began;
    await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
    found[name] = { ...(await page.evaluate(() => window.counted)), took };
    process.stdout.write(`${name}: ${found[name].rows} rows read, layout shift ${found[name].shift}, ${took} ms\n`);
  }
  assert.ok(found.Long.rows <= 92, `opening the long chat reads ${found.Long.rows} rows`);
  assert.equal(found.Long.shift, 0, 'opening a chat shifts nothing');

  const scrolled = await page.evaluate(scrollUp, 400);
  process.stdout.write(`scrolled past ${scrolled.seen} messages, at most ${scrolled.most} rows in the page, ${scrolled.blank} blank frames\n`);
  assert.equal(scrolled.blank, 0, 'no frame is blank');
  assert.ok(scrolled.most <= 120, `${scrolled.most} rows in the page`);
  assert.ok(scrolled.seen > 300, `only ${scrolled.seen} messages were passed`);

  await page.evaluate(() => { window.counted.writes = 0; });
  await page.locator('textarea').pressSequentially('typing never waits for the disk');
  const writes = await page.evaluate(() => window.counted.writes);
  process.stdout.write(`${writes} writes while 31 characters were typed\n`);
  assert.ok(writes <= 3, `${writes} writes while typing`);
} finally {
  await browser.close();
  site.stop();
  await rm(data, { recursive: true, force: true });
}
