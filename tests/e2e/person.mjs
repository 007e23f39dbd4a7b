#!/usr/bin/env node
// The person at the browser: opens the address Daypass opened, allows what is asked, and notes what the last page says.
// Usage: person.mjs NOTES ADDRESS
import { appendFileSync } from "node:fs";
import { chromium } from "../../ui/node_modules/playwright-core/index.mjs";

const QUIET = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

const [notes, address] = process.argv.slice(2);
const note = (seen) => appendFileSync(notes, `${JSON.stringify(seen)}\n`);

const executablePath = process.env.DAYPASS_CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: QUIET, timeout: 60_000 });
try {
  const page = await browser.newPage();
  await page.goto(address);
  const allow = page.locator("#allow");
  const wasAsked = (await allow.count()) > 0;
  const shown = page.locator("#user-code");
  const code = (await shown.count()) > 0 ? await shown.innerText() : null;
  if (wasAsked) {
    const question = page.url();
    await allow.click();
    await page.waitForURL((url) => url.href !== question);
  }
  note({ wasAsked, code, title: await page.title(), text: await page.locator("body").innerText() });
} catch (error) {
  note({ error: error.message.split("\n")[0] });
  process.exitCode = 1;
} finally {
  await browser.close();
}
