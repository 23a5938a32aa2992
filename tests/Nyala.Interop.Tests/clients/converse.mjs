// Converse.js in Chromium: logs in through its form, types into its chat box. What it has received is what the server's stream
// brought, also what Converse itself would not show twice: a message that comes again is a mistake of the server's.
import { open } from "./browser.mjs";

/**
 * A logged-in Converse. `onMessage(from, body, encrypted, nick)` is called for every message of somebody else that appears, with
 * the nickname if it is in a group; with `omemo` what is sent to somebody is encrypted.
 */
export async function login(jid, password, onMessage = () => {}, { omemo = false, service = process.env.NYALA_WSS } = {}) {
  const { browser, page } = await open(`/pages/converse.html?service=${encodeURIComponent(service)}${omemo ? "&omemo" : ""}`);
  await page.exposeFunction("appeared", onMessage);
  await page.fill("#converse-login-jid", jid);
  await page.fill("#converse-login-password", password);
  await page.click("#converse-login [type=submit]");
  await page.waitForFunction(() => window.api?.connection.get()?.authenticated);
  await page.evaluate(() => window.api.waitUntil("statusInitialized"));
  await page.evaluate(() => window.api.listen.on("message", ({ attrs }) => {
    const body = attrs?.plaintext ?? attrs?.body;
    if (!body || attrs.sender !== "them" || attrs.is_error) return;
    window.appeared(attrs.from, body, !!attrs.is_encrypted, attrs.type === "groupchat" ? attrs.nick : null);
  }));
  if (omemo) await page.evaluate(() => window.api.waitUntil("OMEMOInitialized"));
  return {
    /** Leaves; what was shown last stays in the file that NYALA_SCREENSHOT names, for people to look at. */
    async quit() {
      if (process.env.NYALA_SCREENSHOT) await page.screenshot({ path: process.env.NYALA_SCREENSHOT });
      await browser.close();
    },

    async chat(contact) {
      await page.evaluate((contact) => window.api.chats.open(contact, {}, true), contact);
      return openBox(page, `converse-chat[jid="${contact}"]`, omemo);
    },

    /** The box of a group, once we are in it. */
    async group(room, nick) {
      await page.evaluate(([room, nick]) => window.api.rooms.open(room, { nick }, true), [room, nick]);
      const box = await openBox(page, `converse-muc[jid="${room}"]`);
      await page.waitForFunction(async (room) => (await window.api.rooms.get(room)).isEntered(), room);
      return box;
    },
  };
}

async function openBox(page, selector, omemo) {
  const box = page.locator(selector);
  const text = box.locator("textarea.chat-textarea");
  await text.waitFor();
  if (omemo) {
    const lock = box.locator(".toggle-omemo:not([disabled]):not([data-disabled='true'])");
    await lock.waitFor();
    if (await lock.locator(".fa-unlock").count()) await lock.click();
    await lock.locator(".fa-lock").waitFor();
  }
  return {
    async send(body) {
      await text.fill(body);
      await text.press("Enter");
      const field = await text.elementHandle();
      const sent = () => page.waitForFunction((field) => !field.value, field, { timeout: 1000 }).then(() => true, () => false);
      // Soon after it has entered a group Converse may leave the text in its field: a person tries again.
      for (let patience = 20; patience > 0 && !(await sent()); patience--) await text.press("Enter");
      await this.shows(body);
    },
    shows: (body) => box.locator(".chat-msg__text", { hasText: body }).first().waitFor(),

    /** Chooses a file, as a click on the paper clip does. */
    async attach(file) {
      const input = box.locator("input.fileupload");
      await input.waitFor({ state: "attached" });
      await input.setInputFiles(file);
    },

    /** The digest of a file in the chat as the page has it: fetched from its address, or decrypted by Converse. */
    async digest(url, name) {
      const decrypted = url.startsWith("aesgcm:") && box.locator('a[href^="blob:"]', { hasText: name }).last();
      return page.evaluate(async (address) => {
        const content = await (await fetch(address)).arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
        return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
      }, decrypted ? await decrypted.getAttribute("href") : url);
    },

    /** The address of the picture in the chat, once it is painted. */
    async picture() {
      const image = box.locator("img.chat-image").first();
      await image.waitFor();
      await page.waitForFunction((element) => element.complete && element.naturalWidth > 0, await image.elementHandle());
      return image.getAttribute("src");
    },
  };
}
