// What the scenes in JavaScript share. `node SCENE.mjs JID PASSWORD [JID PASSWORD]…`; it prints what it saw and exits 0,
// or prints what is wrong and exits 1. Where the server listens comes from NYALA_WS, NYALA_WSS and NYALA_XMPP.
import WebSocket from "ws";

globalThis.WebSocket ??= WebSocket; // Node has its own only from 22 on.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"; // The server under test made its own certificate.

export const patience = Number(process.env.NYALA_PATIENCE ?? 40) * 1000;

export function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

/** The promise's value, or a failure that says what did not happen in time. */
export function within(promise, what, limit = patience) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${limit / 1000} s`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Messages as they come; `next(body)` waits for the one with this body, `all` has every body so far. */
export class Inbox {
  all = [];
  #waiting = [];

  add(body) {
    this.all.push(body);
    this.#waiting = this.#waiting.filter(({ wanted, resolve }) => body !== wanted || resolve());
  }

  next(wanted) {
    if (this.all.includes(wanted)) return Promise.resolve();
    const heard = new Promise((resolve) => this.#waiting.push({ wanted, resolve: () => { resolve(); return false; } }));
    return within(heard, `the message "${wanted}"`).catch((error) => {
      throw new Error(`${error.message}; there is only ${JSON.stringify(this.all)}`);
    });
  }
}

/** Runs an async function with one [jid, password] per parameter, taken from the command line. */
export async function play(scene, limit = 60_000) {
  const words = process.argv.slice(2);
  const people = Array.from({ length: words.length / 2 }, (_, i) => words.slice(2 * i, 2 * i + 2));
  try {
    await within(scene(...people), "the scene", limit);
    console.log("The scene is played.");
    process.exit(0);
  } catch (error) {
    console.log(`FAILED: ${error.stack ?? error}`);
    process.exit(1);
  }
}
