import { fail, isFile, jid, joined, nameOf, password, ready, received, receivedFile, serve, username } from "./lines.mjs";
import { login } from "./converse.mjs";

const rooms = new Set();
const open = (to) => (rooms.has(to) ? group(to, username) : chat(to));

// There is one page: what takes several steps in it is done one after the other.
let before = Promise.resolve();
const inTurn = (act) => (before = before.then(act));

function hear(from, body, encrypted, nick) {
  if (nick === username) return;
  received(from, body, encrypted, nick);
  if (!isFile(body)) return;
  const name = nameOf(body);
  inTurn(async () => receivedFile(from, name, await (await open(from.split("/")[0])).digest(body, name), encrypted, nick)).catch(fail);
}

const { chat, group, quit } = await login(jid, password, hear, { omemo: !!process.env.NYALA_OMEMO }).catch(fail);
ready();
await serve({
  say: ({ to, body }) => inTurn(async () => (await open(to)).send(body)),
  send: ({ to, file }) => inTurn(async () => (await open(to)).attach(file)),
  join: ({ room }) => inTurn(async () => {
    rooms.add(room);
    await open(room);
    joined(room);
  }),
}, quit);
