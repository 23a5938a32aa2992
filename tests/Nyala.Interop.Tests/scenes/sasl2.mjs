// xmpp.js over WebSocket: SASL2 with Bind 2 and stream management in one round trip; then a cut, and back with a FAST
// token and a resumed stream; at last a new stream with the token alone.
import { client, xml } from "@xmpp/client";
import { check, Inbox, patience, play, within } from "./stage.mjs";

const once = (emitter, event) => within(new Promise((resolve) => emitter.once(event, resolve)), `the event ${event}`);

function device([jid, password], resource) {
  const [username, domain] = jid.split("@");
  const xmpp = client({ service: process.env.NYALA_WS, domain, username, password, resource });
  const seen = { sent: [], elements: [], inbox: new Inbox() };
  xmpp.reconnect.stop();
  xmpp.timeout = patience;
  xmpp.on("error", (error) => console.log(`${resource}: ${error}`));
  xmpp.on("send", (element) => seen.sent.push(element));
  xmpp.on("element", (element) => seen.elements.push(element));
  xmpp.on("stanza", (stanza) => {
    const body = stanza.is("message") && stanza.getChildText("body");
    if (body) seen.inbox.add(body);
  });
  return Object.assign(xmpp, { seen });
}

const message = (to, body) => xml("message", { to, type: "chat" }, xml("body", {}, body));
const last = (elements, name, xmlns) => elements.findLast((element) => element.is(name, xmlns));

async function scene(romeo, juliet) {
  const phone = device(romeo, "phone");
  const balcony = device(juliet, "balcony");
  await within(balcony.start(), "juliet's login");
  await balcony.send(xml("presence"));

  await within(phone.start(), "romeo's login");
  const success = last(phone.seen.elements, "success", "urn:xmpp:sasl:2");
  check(success, "the login was not SASL2");
  const bound = success.getChild("bound", "urn:xmpp:bind:0");
  check(bound, `Bind 2 did not happen inline: ${success}`);
  check(bound.getChild("enabled", "urn:xmpp:sm:3")?.attrs.id, `stream management was not enabled inline: ${success}`);
  const address = success.getChildText("authorization-identifier");
  check(address === phone.jid.toString() && phone.jid.resource, `the client is ${phone.jid}, the server says ${address}`);
  const token = await phone.fast.fetch();
  check(token?.token && new Date(token.expiry) > new Date(), `no FAST token was given: ${success}`);
  await phone.send(xml("presence"));
  await phone.send(message(juliet[0], "first light"));
  await balcony.seen.inbox.next("first light");

  const stream = phone.streamManagement.id;
  const gone = once(phone, "disconnect");
  phone.socket.socket.terminate();
  await gone;
  await balcony.send(message(romeo[0], "while you were gone"));
  await balcony.iqCaller.request(xml("iq", { type: "get", to: "localhost" }, xml("ping", "urn:xmpp:ping")));
  const resumed = once(phone.streamManagement, "resumed");
  await phone.connect(phone.options.service);
  await phone.open({ domain: phone.options.domain });
  await resumed;
  const request = last(phone.seen.sent, "authenticate", "urn:xmpp:sasl:2");
  check(request.attrs.mechanism === "HT-SHA-256-NONE", `the second login used ${request.attrs.mechanism}`);
  const again = last(phone.seen.elements, "success", "urn:xmpp:sasl:2");
  check(again.getChild("resumed", "urn:xmpp:sm:3")?.attrs.previd === stream, `the stream was not resumed inline: ${again}`);
  await phone.seen.inbox.next("while you were gone");
  await phone.send(message(juliet[0], "back again"));
  await balcony.seen.inbox.next("back again");

  await within(phone.stop(), "romeo's logout");
  phone.seen.sent.length = 0;
  await within(phone.start(), "romeo's third login");
  const logins = phone.seen.sent.filter((element) => element.is("authenticate", "urn:xmpp:sasl:2"));
  check(logins.length === 1 && logins[0].attrs.mechanism === "HT-SHA-256-NONE", `the third login was ${logins}`);
  const third = last(phone.seen.elements, "success", "urn:xmpp:sasl:2");
  check(third.getChild("bound", "urn:xmpp:bind:0"), `a new stream was not bound: ${third}`);
  await phone.iqCaller.request(xml("iq", { type: "get", to: "localhost" }, xml("ping", "urn:xmpp:ping")));
  await within(phone.stop(), "romeo's second logout");
  check(phone.seen.inbox.all.filter((body) => body === "while you were gone").length === 1, `romeo heard ${phone.seen.inbox.all}`);
  await within(balcony.stop(), "juliet's logout");
}

await play(scene);
