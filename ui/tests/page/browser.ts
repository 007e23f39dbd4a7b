// A real browser for the page tests: opens scenes, and collects whatever the console complains of.
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject } from "vitest";

export type Scheme = "dark" | "light";
export type Size = readonly [width: number, height: number];

export interface Look {
  readonly scheme: Scheme;
  readonly size: Size;
}

/** Dark and wide, light and narrow. */
export const LOOKS: readonly Look[] = [
  { scheme: "dark", size: [1040, 680] },
  { scheme: "light", size: [640, 480] },
];

let browser: Browser;
/** Pages that nobody uses now: opening a scene in one takes half as long as a new one. */
const idle: Page[] = [];

/** Connects this file's tests to the browser that all share. */
export function useBrowser(): void {
  beforeAll(async () => { browser = await chromium.connect(inject("browser")); });
  afterAll(() => browser.close());
}

/** Opens a scene, acts on it, and looks that the console complained of nothing, CSP violations among it. */
export async function during(state: string, act: (page: Page) => Promise<void>, look: Partial<Look> = {}, path = ""): Promise<void> {
  const page = idle.pop() ?? (await (await browser.newContext()).newPage());
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  try {
    await wear(page, { scheme: "dark", size: [1040, 680], ...look });
    await page.goto(`${inject("base")}/${path}?state=${state}`);
    await page.locator("footer, [data-first]").first().waitFor();
    // In the font that stands in for one on its way, words take another width.
    await page.evaluate(() => document.fonts.ready.then(() => null));
    await act(page);
    expect(complaints).toEqual([]);
  } catch (thrown) {
    await page.context().close();
    throw thrown;
  }
  page.removeAllListeners();
  await page.evaluate(() => localStorage.clear());
  idle.push(page);
}

/** The same in a page whose time the test lets pass. */
export async function atOwnTime(state: string, act: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.clock.install();
    await page.goto(`${inject("base")}/?state=${state}`);
    await act(page);
  } finally {
    await context.close();
  }
}

export async function wear(page: Page, { scheme, size: [width, height] }: Look): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  await page.setViewportSize({ width, height });
}

/** Looks again at each frame until what is read passes, or for good after half a minute. */
export async function until<T>(page: Page, read: () => Promise<T>, passes: (value: T) => void): Promise<void> {
  for (const end = performance.now() + 30_000; ; ) {
    const value = await read();
    try {
      passes(value);
      return;
    } catch (thrown) {
      if (performance.now() > end) throw thrown;
    }
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** The test id, else the id, of what has the focus. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? document.activeElement?.id ?? "");
