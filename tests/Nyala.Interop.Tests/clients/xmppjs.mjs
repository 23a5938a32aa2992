// xmpp.js in Node over WebSocket, left to choose its login itself (SASL2 with Bind 2 where the server has them).
import { client, xml } from "@xmpp/client";
import { domain, fail, password, ready, received, serve, username } from "./lines.mjs";

const xmpp = client({ service: process.env.NYALA_WS, domain, username, password, resource: "xmppjs" });
xmpp.on("error", fail);
xmpp.on("stanza", (stanza) => {
  const body = stanza.is("message") && stanza.attrs.type !== "error" && stanza.getChildText("body");
  if (body) received(stanza.attrs.from, body);
});
await xmpp.start();
await xmpp.send(xml("presence"));
ready();
await serve((to, body) => xmpp.send(xml("message", { to, type: "chat" }, xml("body", {}, body))), () => xmpp.stop());
