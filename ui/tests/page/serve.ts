// Serves the built page for the page tests, under the app's own CSP, and starts the one browser they share.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { preview } from "vite";
import type { TestProject } from "vitest/node";

/** Debian's Chromium, or the one named in DAYPASS_CHROMIUM. */
const BROWSER = process.env["DAYPASS_CHROMIUM"] ?? "/usr/bin/chromium";

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync(BROWSER)) throw new Error(`there is no browser at ${BROWSER}: apt-get install chromium`);
  const browser = await chromium.launchServer({ executablePath: BROWSER, args: QUIET });
  const server = await preview({ root: new URL("../..", import.meta.url).pathname, logLevel: "error", preview: { port: 0, host: "127.0.0.1" } });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the preview has no port");
  project.provide("base", `http://127.0.0.1:${address.port}`);
  project.provide("browser", browser.wsEndpoint());
  return async () => {
    await browser.close();
    await server.close();
  };
}

declare module "vitest" {
  export interface ProvidedContext {
    base: string;
    browser: string;
  }
}
