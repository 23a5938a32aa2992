// Converse.js in Chromium: logs in through its form, types into its chat box; what it has received is what it shows.
import { open } from "./browser.mjs";

/** A logged-in Converse. `onMessage(from, body)` is called for every message of somebody else that appears. */
export async function login(jid, password, onMessage = () => {}) {
  const { browser, page } = await open(`/pages/converse.html?service=${encodeURIComponent(process.env.NYALA_WSS)}`);
  await page.exposeFunction("appeared", onMessage);
  await page.fill("#converse-login-jid", jid);
  await page.fill("#converse-login-password", password);
  await page.click("#converse-login [type=submit]");
  await page.waitForFunction(() => window.api?.connection.get()?.authenticated);
  await page.evaluate(() => window.api.waitUntil("statusInitialized"));
  await page.evaluate(() => window.api.listen.on("message", ({ attrs }) => {
    if (attrs?.body && attrs.sender === "them" && !attrs.is_error) window.appeared(attrs.from, attrs.body);
  }));
  return { browser, page, chat: (contact) => openChat(page, contact) };
}

async function openChat(page, contact) {
  await page.evaluate((contact) => window.api.chats.open(contact, {}, true), contact);
  const box = page.locator(`converse-chat[jid="${contact}"]`);
  const text = box.locator("textarea.chat-textarea");
  await text.waitFor();
  return {
    async send(body) {
      await text.fill(body);
      await text.press("Enter");
      await this.shows(body);
    },
    shows: (body) => box.locator(".chat-msg__text", { hasText: body }).first().waitFor(),
  };
}
