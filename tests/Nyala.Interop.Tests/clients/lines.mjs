// How the tests talk to a client: one JSON object per line. In: {"to", "body"}. Out: {"ready": true} once logged in,
// {"from", "body"} for each message that arrives ("from" without resource). The end of the input logs out.
import { createInterface } from "node:readline";
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // Node has its own only from 22 on.
console.log = console.info = console.debug = console.error; // The output is ours; libraries may talk on the other one.

export const [jid, password] = process.argv.slice(2);
export const [username, domain] = jid.split("@");

const say = (event) => process.stdout.write(JSON.stringify(event) + "\n");
export const ready = () => say({ ready: true });
export const received = (from, body) => say({ from: from.split("/")[0], body });

export function fail(error) {
  console.error(error);
  process.exit(1);
}

/** Sends each line of input with `send(to, body)`; when the input ends, calls `quit()` and leaves. */
export async function serve(send, quit) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { to, body } = JSON.parse(line);
    await send(to, body);
  }
  await Promise.race([quit(), new Promise((resolve) => setTimeout(resolve, 2000))]);
  process.exit(0);
}
