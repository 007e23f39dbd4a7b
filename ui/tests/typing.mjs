// What a keystroke costs with 10,000 roles: search, render, style and layout, in milliseconds of the page's own thread,
// so that other programs of the machine don't count. Run by hand.
// Usage: node tests/typing.mjs [FOLDER_OF_A_BUILT_PAGE] [TIMES_SLOWER]
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { preview } from "vite";

const root = process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url));
const slower = Number(process.argv[3] ?? 1);
const QUERIES = ["prod read", "stag dev", "2003", "a", "zzz", "checkout-prod-12 admin"];

const server = await preview({ root, logLevel: "error", preview: { port: 0, host: "127.0.0.1" } });
const browser = await chromium.launch({ executablePath: process.env.DAYPASS_CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage({ viewport: { width: 1040, height: 680 } });
await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/?state=many`);
await page.getByTestId("role-row").first().waitFor();
if (slower > 1) await (await page.context().newCDPSession(page)).send("Emulation.setCPUThrottlingRate", { rate: slower });

const devtools = await page.context().newCDPSession(page);
await devtools.send("Performance.enable", { timeDomain: "threadTicks" });

async function spent() {
  const { metrics } = await devtools.send("Performance.getMetrics");
  const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return (of("ScriptDuration") + of("RecalcStyleDuration") + of("LayoutDuration")) * 1000;
}

async function measure(name, selector) {
  const times = [];
  const set = async (value) => {
    const before = await spent();
    await page.evaluate(([field, text]) => {
      const input = document.querySelector(field);
      input.value = text;
      input.dispatchEvent(new Event("input", { bubbles: true }));
      return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    }, [selector, value]);
    times.push((await spent()) - before);
  };
  for (const query of QUERIES) {
    for (let i = 1; i <= query.length; i += 1) await set(query.slice(0, i));
    for (let i = query.length - 1; i >= 0; i -= 1) await set(query.slice(0, i));
  }
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))].toFixed(1);
  console.log(`${name}: ${times.length} keystrokes, median ${at(0.5)} ms, 95 % ${at(0.95)} ms, worst ${at(1)} ms`);
}

await measure("list, cold", "#search");
await measure("list", "#search");
await page.keyboard.press("Control+k");
await page.getByTestId("switcher").waitFor();
await measure("switcher", "[data-testid=switcher] input");
await browser.close();
await server.close();
