// Juliet in Converse.js, in Chromium, over BOSH: logs in through the form, and chats with Romeo, who is on WebSocket.
import { login } from "../clients/converse.mjs";
import { enterRomeo } from "./romeo.mjs";
import { play } from "./stage.mjs";

async function scene(him, juliet) {
  const romeo = await enterRomeo(him, juliet[0]);
  const converse = await login(...juliet, undefined, { service: process.env.NYALA_BOSH });
  const chat = await converse.chat(him[0]);
  for (let turn = 0; turn < 5; turn++) {
    await chat.send(`Good night ${turn}`);
    await romeo.hears(`Good night ${turn}`);
    await romeo.say(`<sweet> & 'sorrow' ü ${turn}`);
    await chat.shows(`<sweet> & 'sorrow' ü ${turn}`);
  }
  await converse.quit();
  await romeo.leave();
}

await play(scene, 90_000);
