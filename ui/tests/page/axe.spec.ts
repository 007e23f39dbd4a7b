// Every scene, in both themes and at both sizes: nothing axe objects to, nothing the console complains of.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launch, open, type Scheme, type Size } from "./browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const SCENES = [
  "welcome", "welcome-config", "welcome-practice", "signing-in", "signing-in-hint", "sign-in-failed", "syncing", "main",
  "ended", "failed", "empty", "many", "offline", "partial", "lapsed", "resuming", "degraded", "last",
];

const OVERLAYS: readonly (readonly [name: string, open: (page: Page) => Promise<void>])[] = [
  ["request form", async (page) => { await page.keyboard.press("Shift+Enter"); }],
  ["typed length", async (page) => { await page.keyboard.press("Shift+Enter"); await page.getByText("Until…").click(); }],
  ["switcher", async (page) => { await page.keyboard.press("Control+k"); await page.keyboard.type("dev stag"); }],
  ["shortcuts", async (page) => { await page.keyboard.press("?"); }],
  ["account menu", async (page) => { await page.locator("header .pill").last().click(); }],
  ["grouping", async (page) => { await page.locator(".group button").click(); }],
  ["recent", async (page) => { await page.getByRole("button", { name: /^Recent/ }).click(); }],
  ["search", async (page) => { await page.keyboard.press("/"); await page.keyboard.type("prod read"); }],
  ["no match", async (page) => { await page.keyboard.press("/"); await page.keyboard.type("zzz"); }],
];

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(() => browser.close());

async function objections(page: Page): Promise<string[]> {
  // The page's CSP lets no script in; the test's own comes by the debugger.
  await page.evaluate(axe);
  const results = await page.evaluate(() => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run());
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.html.slice(0, 140)} ${node.any[0]?.message ?? ""}`));
}

/** Waits until the scene is there and nothing that ends is still moving. */
async function still(page: Page): Promise<void> {
  await page.locator("#app > *").first().waitFor();
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((a) => a.finished));
  });
}

describe.each<[Scheme, Size]>([
  ["dark", [1040, 680]],
  ["light", [640, 480]],
])("in %s at %s", (scheme, size) => {
  it.each(SCENES)("the scene “%s” is clean", async (scene) => {
    const { page, complaints } = await open(browser, scene, scheme, size);
    await still(page);
    expect(await objections(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each(OVERLAYS)("the %s is clean", async (_name, show) => {
    const { page, complaints } = await open(browser, "main", scheme, size);
    await page.getByTestId("role-row").first().waitFor();
    await show(page);
    await still(page);
    expect(await objections(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  });
});
