import { expect, type Browser, type BrowserContext, type Page } from '@playwright/test';
import type { Server } from 'node:http';
import { Nyala } from './nyala.ts';
import type { Bench } from './page/main.ts';
import { Proxy } from './proxy.ts';
import { serve } from './site.ts';

declare global {
  var bench: Bench;
}

export const ROMEO = 'romeo@localhost';
export const JULIET = 'juliet@localhost';
const PASSWORD = 'correct horse';

/** Two people in two browsers, a server that can be killed, and a network around Romeo that can be broken. */
export class Verona {
  readonly nyala: Nyala;
  readonly proxy: Proxy;
  readonly #site: { server: Server; origin: string };
  #contexts: BrowserContext[] = [];
  #violations: string[] = [];
  /** Of the tests so far; every test has a room of its own. */
  count = 0;

  private constructor(nyala: Nyala, proxy: Proxy, site: { server: Server; origin: string }) {
    this.nyala = nyala;
    this.proxy = proxy;
    this.#site = site;
  }

  static async open(): Promise<Verona> {
    const nyala = await Nyala.start();
    await nyala.addAccount('romeo', PASSWORD);
    await nyala.addAccount('juliet', PASSWORD);
    return new Verona(nyala, await Proxy.to(nyala.port), await serve());
  }

  async close(): Promise<void> {
    this.proxy.close();
    this.#site.server.close();
    await this.nyala.stop();
  }

  get room(): string {
    return `verona${this.count}@rooms.localhost`;
  }

  beginTest(): void {
    this.#contexts = [];
    this.#violations = [];
    this.count++;
  }

  async endTest(): Promise<void> {
    for (const context of this.#contexts) await context.close();
    expect(this.#violations, 'what the page threw, and what its policy refused').toEqual([]);
  }

  async newPage(context: BrowserContext, port: number): Promise<Page> {
    const page = await context.newPage();
    page.on('pageerror', (error) => this.#violations.push(String(error)));
    page.on('console', (line) => {
      if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(line.text())) this.#violations.push(line.text());
    });
    await page.goto(`${this.#site.origin}/?ws=${encodeURIComponent(`ws://127.0.0.1:${port}/xmpp-websocket`)}`);
    return page;
  }

  async signIn(browser: Browser, address: string, port: number): Promise<Page> {
    const context = await browser.newContext();
    this.#contexts.push(context);
    const page = await this.newPage(context, port);
    await page.evaluate(([account, password]) => globalThis.bench.model.signIn(account ?? '', password ?? ''), [address, PASSWORD]);
    await page.waitForFunction(() => globalThis.bench.model.connection === 'online');
    return page;
  }

  /** Both are there, know each other, and are in the room. */
  async begin(browser: Browser): Promise<{ romeo: Page; juliet: Page }> {
    const { room } = this;
    const [romeo, juliet] = await Promise.all([this.signIn(browser, ROMEO, this.proxy.port), this.signIn(browser, JULIET, this.nyala.port)]);
    await romeo.evaluate((jid) => globalThis.bench.model.startChat(jid), JULIET);
    await juliet.evaluate((jid) => globalThis.bench.model.startChat(jid), ROMEO);
    await romeo.evaluate((jid) => globalThis.bench.model.joinGroup(jid, 'Verona'), room);
    await romeo.evaluate(([to, jid]) => globalThis.bench.model.invite(to ?? '', jid ?? ''), [room, JULIET]);
    await juliet.waitForFunction((jid) => globalThis.bench.model.chats.some((chat) => chat.jid === jid), room);
    await juliet.evaluate((jid) => globalThis.bench.model.joinGroup(jid), room);
    await juliet.waitForFunction((jid) => globalThis.bench.model.chats.some((chat) => chat.jid === jid && (chat.members ?? 0) > 0), room);
    return { romeo, juliet };
  }
}
