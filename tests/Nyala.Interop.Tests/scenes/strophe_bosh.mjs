// strophe.js in Chromium over BOSH, on pages of another origin: two people talk both ways, many messages in flight, in order.
import { open } from "../clients/browser.mjs";
import { Inbox, check, play, within } from "./stage.mjs";

async function login([jid, password]) {
  const inbox = new Inbox();
  const { browser, page } = await open("/pages/strophe.html");
  await page.exposeFunction("received", (from, body) => inbox.add(body));
  await within(page.evaluate(([service, jid, password]) => login(service, jid, password), [process.env.NYALA_BOSH, `${jid}/bosh`, password]), `${jid} logging in`);
  return { browser, inbox, say: (to, body) => page.evaluate(([to, body]) => send(to, body), [to, body]), leave: () => page.evaluate(() => logout()) };
}

async function scene(romeo, juliet) {
  const orchard = await login(romeo);
  const balcony = await login(juliet);
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i} <&> ü`);
  for (const line of lines) {
    await orchard.say(juliet[0], line);
    await balcony.say(romeo[0], line);
  }
  await orchard.inbox.next(lines.at(-1));
  await balcony.inbox.next(lines.at(-1));
  for (const { inbox } of [orchard, balcony]) check(JSON.stringify(inbox.all) === JSON.stringify(lines), `heard ${inbox.all}`);
  await orchard.leave();
  for (const { browser } of [orchard, balcony]) await browser.close();
}

await play(scene, 90_000);
