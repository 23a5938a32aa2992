// strophe.js in Chromium over WebSocket with TLS.
import { open } from "./browser.mjs";
import { fail, jid, password, ready, received, serve } from "./lines.mjs";

const { browser, page } = await open("/pages/strophe.html");
await page.exposeFunction("received", received);
await page.evaluate(([service, jid, password]) => login(service, jid, password),
  [process.env.NYALA_WSS, `${jid}/chromium`, password]).catch(fail);
ready();
await serve((to, body) => page.evaluate(([to, body]) => send(to, body), [to, body]), async () => {
  await page.evaluate(() => logout());
  await browser.close();
});
