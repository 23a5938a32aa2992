import { fail, jid, password, ready, received, serve } from "./lines.mjs";
import { login } from "./converse.mjs";

const { browser, chat } = await login(jid, password, received).catch(fail);
ready();
await serve(async (to, body) => (await chat(to)).send(body), () => browser.close());
