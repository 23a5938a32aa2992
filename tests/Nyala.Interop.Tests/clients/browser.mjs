// Debian's Chromium, driven by playwright-core, on pages served from this folder and from node_modules.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = fileURLToPath(new URL(".", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json",
  ".svg": "image/svg+xml", ".wasm": "application/wasm", ".woff2": "font/woff2" };

/** Serves /pages/* and /node_modules/* on a free loopback port; the address of the root. */
async function servePages() {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    const file = path.startsWith("/pages/") ? join(here, path) : join(here, "..", path);
    if (!/^\/(pages|node_modules)\//.test(path) || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${server.address().port}`;
}

/** Opens a page of ours in a fresh Chromium; what its console says goes to the error output. */
export async function open(path) {
  const root = await servePages();
  const browser = await chromium.launch({
    executablePath: process.env.NYALA_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--ignore-certificate-errors",
      `--host-resolver-rules=MAP ${process.env.NYALA_DOMAIN} ${process.env.NYALA_HOST}`],
  });
  const page = await browser.newPage({ viewport: { width: 1100, height: 750 }, locale: "en-GB" });
  page.on("console", (message) => console.error(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console.error(error));
  page.setDefaultTimeout(20_000);
  await page.goto(root + path);
  return { browser, page };
}
