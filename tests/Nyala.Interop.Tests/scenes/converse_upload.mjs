// Juliet chooses a picture in Converse.js; Romeo, in another Converse, sees it. NYALA_SCREENSHOT names a file for people.
import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { login } from "../clients/converse.mjs";
import { check, play, within } from "./stage.mjs";

// 2 × 1 pixels, red and blue.
const picture = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAIAAAABCAIAAAB7QOjdAAAADUlEQVR4nGP4zwAE/wEHAAH/4iOeWQAAAABJRU5ErkJggg==", "base64");

async function scene(romeo, juliet) {
  const directory = await mkdtemp(join(tmpdir(), "nyala-picture-"));
  const file = join(directory, "our balcony ☾.png");
  await writeFile(file, picture);
  const [his, hers] = [await login(...romeo), await login(...juliet)];
  const [seen, sent] = [await his.chat(juliet[0]), await hers.chat(romeo[0])];
  await seen.send("Show me the balcony!");
  await sent.shows("Show me the balcony!");
  await sent.attach(file);
  const [here, there] = await Promise.all([sent.picture(), seen.picture()]);
  check(here === there && decodeURIComponent(there).endsWith("/our balcony ☾.png"), `Juliet sent ${here}, Romeo sees ${there}`);
  const answer = await within(fetch(there), "the picture");
  check(answer.ok && answer.headers.get("content-type") === "image/png" && answer.headers.get("content-disposition").startsWith("inline"), `${answer.status}`);
  check(Buffer.from(await answer.arrayBuffer()).equals(picture), "the picture is another one");
  await hers.quit();
  await his.quit();
  await rm(directory, { recursive: true });
}

await play(scene, 90_000);
