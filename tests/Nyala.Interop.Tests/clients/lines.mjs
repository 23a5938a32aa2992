// How the tests talk to a client: one JSON object per line; lines.py says which.
import { createInterface } from "node:readline";
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // Node has its own only from 22 on.
console.log = console.info = console.debug = console.error; // The output is ours; libraries may talk on the other one.

export const [jid, password] = process.argv.slice(2);
export const [username, domain] = jid.split("@");

const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
export const ready = () => say({ ready: true });
export const received = (from, body, encrypted = false, nick = null) => say({ from: from.split("/")[0], nick, body, encrypted });
export const receivedFile = (from, file, sha256, encrypted = false, nick = null) =>
  say({ from: from.split("/")[0], nick, file, sha256, encrypted });
export const joined = (room) => say({ joined: room });

/** Whether a message is only the address of a file. */
export const isFile = (body) => /^(https|aesgcm):\/\/\S+$/.test(body);
export const nameOf = (url) => decodeURIComponent(new URL(url).pathname.split("/").pop());

export function fail(error) {
  console.error(error);
  process.exit(1);
}

/**
 * Does what each line of input asks for: `acts` are functions of that request by name, or the one that says something, `send(to,
 * body)`. When the input ends, calls `quit()` and leaves.
 */
export async function serve(acts, quit) {
  const known = typeof acts === "function" ? { say: ({ to, body }) => acts(to, body) } : acts;
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: what = "say", ...request } = JSON.parse(line);
    await known[what](request);
  }
  await Promise.race([quit(), new Promise((resolve) => setTimeout(resolve, 2000))]);
  process.exit(0);
}
