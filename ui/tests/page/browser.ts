// A real browser for the page tests: opens scenes, and collects whatever the console complains of.
import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";
import { inject } from "vitest";

export type Scheme = "dark" | "light";
export type Size = readonly [width: number, height: number];

export interface Opened {
  readonly page: Page;
  /** Errors of the console and the page, CSP violations among them. */
  readonly complaints: string[];
}

/** Debian's Chromium, or the one named in DAYPASS_CHROMIUM. */
const BROWSER = process.env["DAYPASS_CHROMIUM"] ?? "/usr/bin/chromium";

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export async function launch(): Promise<Browser> {
  if (!existsSync(BROWSER)) throw new Error(`there is no browser at ${BROWSER}; DAYPASS_CHROMIUM names another`);
  return chromium.launch({ executablePath: BROWSER, args: QUIET });
}

export async function open(browser: Browser, state: string, scheme: Scheme = "dark", [width, height]: Size = [1040, 680]): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: "reduce" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(`${inject("base")}/?state=${state}`);
  await page.locator("footer").waitFor();
  return { page, complaints };
}
