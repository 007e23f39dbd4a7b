// What axe objects to on a page, and waiting until a page stands still.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { AxeResults, RunOptions } from "axe-core";
import type { Page } from "playwright-core";

import { LOOKS, wear } from "./browser";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** In every look, each objection once. */
export async function objections(page: Page): Promise<string[]> {
  const all: string[] = [];
  for (const look of LOOKS) {
    await wear(page, look);
    const [width] = look.size;
    if ((await page.evaluate(() => document.documentElement.scrollWidth)) > width) all.push(`wider than ${width}`);
    all.push(...(await objectionsNow(page)).map((words) => `${look.scheme}: ${words}`));
  }
  return all;
}

async function objectionsNow(page: Page): Promise<string[]> {
  await still(page);
  // The page's CSP lets no script in; the test's own comes by the debugger.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe);
  const results = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run({ resultTypes: ["violations"] }));
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
