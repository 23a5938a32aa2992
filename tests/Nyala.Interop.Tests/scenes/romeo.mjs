// Romeo, in xmpp.js over WebSocket, for scenes that are about Juliet's client.
import { client, xml } from "@xmpp/client";
import { Inbox, within } from "./stage.mjs";

/** Logs him in: what he has heard, how he says something to her, and how he leaves. */
export async function enterRomeo([jid, password], juliet) {
  const [username, domain] = jid.split("@");
  const inbox = new Inbox();
  const xmpp = client({ service: process.env.NYALA_WS, domain, username, password, resource: "orchard" });
  xmpp.on("error", (error) => console.log(`${error}`));
  xmpp.on("stanza", (stanza) => {
    const body = stanza.is("message") && stanza.getChildText("body");
    if (body) inbox.add(body);
  });
  await within(xmpp.start(), "romeo's login");
  await xmpp.send(xml("presence"));
  return {
    hears: (body) => inbox.next(body),
    say: (body) => xmpp.send(xml("message", { to: juliet, type: "chat" }, xml("body", {}, body))),
    leave: () => within(xmpp.stop(), "romeo's logout"),
  };
}
