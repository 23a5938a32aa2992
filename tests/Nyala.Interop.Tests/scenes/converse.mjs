// Juliet in Converse.js, in Chromium: logs in through the form, chats with Romeo (xmpp.js), and after logging in again
// finds the conversation in her archive. The screenshot is for people to look at: NYALA_SCREENSHOT names the file.
import { client, xml } from "@xmpp/client";
import { login } from "../clients/converse.mjs";
import { Inbox, play, within } from "./stage.mjs";

async function scene(romeo, juliet) {
  const [username, domain] = romeo[0].split("@");
  const inbox = new Inbox();
  const xmpp = client({ service: process.env.NYALA_WS, domain, username, password: romeo[1], resource: "orchard" });
  xmpp.on("error", (error) => console.log(`${error}`));
  xmpp.on("stanza", (stanza) => {
    const body = stanza.is("message") && stanza.getChildText("body");
    if (body) inbox.add(body);
  });
  const say = (body) => xmpp.send(xml("message", { to: juliet[0], type: "chat" }, xml("body", {}, body)));
  await within(xmpp.start(), "romeo's login");
  await xmpp.send(xml("presence"));

  const converse = await login(...juliet);
  const chat = await converse.chat(romeo[0]);
  await chat.send("Good night, good night!");
  await inbox.next("Good night, good night!");
  await say("Parting is such sweet sorrow <sic> & 'quoted' — ü");
  await chat.shows("Parting is such sweet sorrow <sic> & 'quoted' — ü");
  await chat.send("That I shall say good night till it be morrow.");
  await inbox.next("That I shall say good night till it be morrow.");
  if (process.env.NYALA_SCREENSHOT) await converse.page.screenshot({ path: process.env.NYALA_SCREENSHOT });
  await converse.browser.close();

  await say("Sleep dwell upon thine eyes");
  const again = await login(...juliet);
  const seen = await again.chat(romeo[0]);
  for (const body of ["Good night, good night!", "Parting is such sweet sorrow", "Sleep dwell upon thine eyes"]) {
    await seen.shows(body);
  }
  await again.browser.close();
  await within(xmpp.stop(), "romeo's logout");
}

await play(scene, 90_000);
