// strophe.js in Node over WebSocket, one with TLS and one without: logs in, is cut off, resumes; nothing is lost and
// nothing comes twice.
import { $iq, $msg, $pres, Strophe } from "strophe.js";
import { check, Inbox, play, within } from "./stage.mjs";

const { Status } = Strophe;

class Device {
  inbox = new Inbox();

  constructor([jid, password], resource, service) {
    Object.assign(this, { jid, password, resource });
    this.connection = new Strophe.Connection(service, { enableStreamManagement: true });
  }

  /** Connects; resolves once the stream is bound or resumed. `this.gone` resolves when it has ended again. */
  async connect() {
    const { connection } = this;
    connection.addHandler((stanza) => {
      const body = stanza.getElementsByTagName("body")[0]?.textContent;
      if (body) this.inbox.add(body);
      return true;
    }, null, "message");
    let ended;
    this.gone = new Promise((resolve) => { ended = resolve; });
    await within(new Promise((resolve, reject) => {
      connection.connect(`${this.jid}/${this.resource}`, this.password, (status, condition) => {
        if (status === Status.CONNECTED) resolve();
        if (status === Status.DISCONNECTED) ended();
        if ([Status.AUTHFAIL, Status.CONNFAIL].includes(status)) reject(new Error(`${this.jid}: ${status} ${condition}`));
      });
    }), `${this.jid} connecting`);
  }

  say(to, body) {
    this.connection.send($msg({ to, type: "chat" }).c("body").t(body));
  }

  ping() {
    return within(new Promise((resolve, reject) => this.connection.sendIQ(
      $iq({ type: "get", to: this.jid.split("@")[1] }).c("ping", { xmlns: "urn:xmpp:ping" }), resolve, reject)), "a ping");
  }
}

async function scene(romeo, juliet) {
  const orchard = new Device(romeo, "orchard", process.env.NYALA_WSS);
  const balcony = new Device(juliet, "balcony", process.env.NYALA_WS);
  for (const device of [orchard, balcony]) {
    await device.connect();
    device.connection.send($pres());
  }
  await balcony.ping();
  orchard.say(juliet[0], "before the cut");
  await balcony.inbox.next("before the cut");
  check(orchard.connection.isStreamManagementEnabled(), "stream management is not on");

  const expected = [];
  for (let cut = 0; cut < 2; cut++) {
    orchard.connection._proto.socket.terminate();
    await within(orchard.gone, "noticing the cut");
    for (let n = 0; n < 5; n++) expected.push(`meanwhile ${cut} ${n}`);
    for (const body of expected.slice(-5)) balcony.say(romeo[0], body);
    await balcony.ping();
    await orchard.connect();
    check(orchard.connection.hasResumed(), "the stream was not resumed");
    await orchard.inbox.next(expected.at(-1));
    await orchard.ping();
    check(JSON.stringify(orchard.inbox.all) === JSON.stringify(expected), `romeo heard ${orchard.inbox.all}`);
    orchard.say(juliet[0], `back ${cut}`);
    await balcony.inbox.next(`back ${cut}`);
  }
  orchard.connection.disconnect();
  await within(orchard.gone, "logging out");
}

await play(scene);
