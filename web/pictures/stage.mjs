import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { serve } from './serve.mjs';

const seed = process.env.NYALA_SEED ?? new URL('../../artifacts/seed', import.meta.url).pathname;
/** The moment the seed is written for (seed/build.ts). */
const moment = new Date('2026-11-26T12:45:00+07:00');

/** Opens the built seed app in Debian's Chromium and hands out pages that stand at a scene. */
export async function openStage() {
  const site = await serve(seed);
  const data = await mkdtemp(join(tmpdir(), 'nyala-pictures-'));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'], env: { ...process.env, HOME: data } });
  return {
    /** A page at a scene, and what went wrong on it. `width` below 700 is a phone with touch; `textSize` is the browser's, in per cent. */
    async at(scene, { width, theme, lang, textSize = 100, forcedColors = 'none', height = width < 700 ? 780 : 800 }) {
      const phone = width < 700;
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, locale: lang, timezoneId: 'Asia/Jakarta', hasTouch: phone, isMobile: phone, deviceScaleFactor: phone ? 2 : 1, reducedMotion: 'reduce', forcedColors, ...(scene.userAgent ? { userAgent: scene.userAgent } : {}) });
      const page = await context.newPage();
      const problems = [];
      page.on('pageerror', (error) => problems.push(String(error)));
      page.on('console', (entry) => { if ((entry.type() === 'error' || entry.type() === 'warning') && scene.expects?.test(entry.text()) !== true) problems.push(entry.text()); });
      // What the server says of itself and of an invitation; `undefined` in `answers` is a 404.
      for (const [path, answer] of Object.entries(scene.answers ?? {})) await page.route(`**${path}`, (route) => route.fulfill(answer === undefined ? { status: 404 } : { json: typeof answer === 'function' ? answer(lang) : answer }));
      await page.clock.setFixedTime(moment);
      await page.addInitScript((chosen) => { localStorage.setItem('nyala.language', chosen.lang); for (const [name, value] of Object.entries(chosen.kept)) localStorage.setItem(name, value); }, { lang, kept: scene.kept ?? {} });
      await page.goto(`${site.address}?scene=${scene.scene ?? ''}${scene.token ? `&token=${scene.token}` : ''}${scene.hash ?? ''}`);
      await page.evaluate((size) => { document.documentElement.style.fontSize = `${size}%`; }, textSize);
      await page.locator('#app > *').first().waitFor();
      await page.waitForLoadState('networkidle');
      await scene.act?.(page, lang);
      // The scroll handlers and lazy parts settle within two frames.
      await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => { requestAnimationFrame(done); }); }));
      return { page, problems, close: () => context.close() };
    },
    async close() {
      await browser.close();
      site.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
