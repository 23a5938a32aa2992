// strophe.js in Node over WebSocket, with stream management.
import { $msg, $pres, Strophe } from "strophe.js";
import { fail, jid, password, ready, received, serve } from "./lines.mjs";

const connection = new Strophe.Connection(process.env.NYALA_WS, { enableStreamManagement: true });
connection.addHandler((message) => {
  const body = message.getElementsByTagName("body")[0]?.textContent;
  if (body && message.getAttribute("type") !== "error") received(message.getAttribute("from"), body);
  return true;
}, null, "message");
await new Promise((resolve) => {
  connection.connect(`${jid}/strophe`, password, (status, condition) => {
    if (status === Strophe.Status.CONNECTED) resolve();
    if ([Strophe.Status.CONNFAIL, Strophe.Status.AUTHFAIL, Strophe.Status.ERROR].includes(status)) fail(`${status} ${condition}`);
  });
});
connection.send($pres());
ready();
await serve((to, body) => connection.send($msg({ to, type: "chat" }).c("body").t(body)), () => connection.disconnect("done"));
