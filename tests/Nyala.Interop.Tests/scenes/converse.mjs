// Juliet in Converse.js, in Chromium: logs in through the form, chats with Romeo, and after logging in again finds the
// conversation in her archive. The screenshot is for people to look at: NYALA_SCREENSHOT names the file.
import { login } from "../clients/converse.mjs";
import { enterRomeo } from "./romeo.mjs";
import { play } from "./stage.mjs";

async function scene(him, juliet) {
  const romeo = await enterRomeo(him, juliet[0]);
  const converse = await login(...juliet);
  const chat = await converse.chat(him[0]);
  await chat.send("Good night, good night!");
  await romeo.hears("Good night, good night!");
  await romeo.say("Parting is such sweet sorrow <sic> & 'quoted' — ü");
  await chat.shows("Parting is such sweet sorrow <sic> & 'quoted' — ü");
  await chat.send("That I shall say good night till it be morrow.");
  await romeo.hears("That I shall say good night till it be morrow.");
  await converse.quit();

  await romeo.say("Sleep dwell upon thine eyes");
  const again = await login(...juliet);
  const seen = await again.chat(him[0]);
  for (const body of ["Good night, good night!", "Parting is such sweet sorrow", "Sleep dwell upon thine eyes"]) {
    await seen.shows(body);
  }
  await again.quit();
  await romeo.leave();
}

await play(scene, 90_000);
