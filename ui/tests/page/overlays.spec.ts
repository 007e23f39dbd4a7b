// What opens over or inside the usual window: nothing axe objects to, in both themes and at both sizes.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { objections } from "./axe";
import { during, useBrowser } from "./browser";

useBrowser();

const SETTINGS = ["leases", "accounts", "chains", "organisation", "favourites", "notifications", "programs"].map((part) =>
  [`settings: ${part}`, "settings", async (page: Page) => {
    await page.locator(`[data-part=${part}]`).click();
  }] as const);

/** In a narrow window the cards are behind a tab. */
async function atAws(page: Page, which: number): Promise<void> {
  const button = page.getByTestId("end-at-aws").nth(which);
  if (!(await button.isVisible())) await page.getByRole("button", { name: /^Sessions/ }).click();
  await button.click();
  await page.getByTestId("deny-policy").waitFor();
}

const OVERLAYS: readonly (readonly [name: string, scene: string, open: (page: Page) => Promise<void>])[] = [
  ["request form", "main", async (page) => { await page.keyboard.press("Shift+Enter"); }],
  ["typed length", "main", async (page) => { await page.keyboard.press("Shift+Enter"); await page.getByText("Until…").click(); }],
  ["switcher", "several", async (page) => { await page.keyboard.press("Control+k"); await page.keyboard.type("dev stag"); }],
  ["shortcuts", "main", async (page) => { await page.keyboard.press("?"); }],
  ["account menu", "several", async (page) => { await page.locator("header [aria-haspopup=dialog]").click(); }],
  ["account menu with keyring trouble", "keyring-absent", async (page) => { await page.locator("header [aria-haspopup=dialog]").click(); }],
  ["grouping", "main", async (page) => { await page.locator(".group button").click(); }],
  ["recent", "several", async (page) => { await page.getByRole("button", { name: /^Recent/ }).click(); }],
  ["search", "several", async (page) => { await page.keyboard.press("/"); await page.keyboard.type("prod read"); }],
  ["no match", "main", async (page) => { await page.keyboard.press("/"); await page.keyboard.type("zzz"); }],
  ["collapsed accounts", "main", async (page) => { await page.locator(".group button").click(); await page.getByText("collapse all").click(); }],
  ["changes in full", "changes-many", async (page) => { await page.getByText("Show 20").click(); }],
  ["settings: a chained role of one's own", "main", async (page) => {
    await page.keyboard.press("Control+,");
    await page.locator("[data-part=chains]").click();
    await page.getByTestId("new-chain-arn").fill("arn:aws:iam::{account}:role/Mine");
    await page.getByTestId("add-chain").click();
    await page.getByTestId("chained-role-setting").waitFor();
  }],
  ["request form through two roles, with a limit's button", "main", async (page) => {
    await page.keyboard.press("Shift+Enter");
    await page.locator("[data-scope=readOnly]").click();
    await page.getByTestId("add-hop").click();
    await page.getByTestId("add-policies").click();
    await page.getByText(/^Advanced/).click();
    await page.getByTestId("add-tag").click();
    await page.getByLabel("Key").fill("aws:Ticket");
    await page.getByTestId("limit").waitFor();
  }],
  ["settings: sign-in", "several", async (page) => { await page.keyboard.press("Control+,"); }],
  ["settings on first run", "welcome", async (page) => { await page.getByTestId("open-settings").click(); }],
  ["end at AWS, by a command", "chained", async (page) => { await atAws(page, 0); }],
  ["end at AWS, by an administrator", "chained", async (page) => { await atAws(page, 1); }],
  ...SETTINGS,
];

describe("overlays", () => {
  it.concurrent.each(OVERLAYS)("the %s is clean, dark and wide, light and narrow", (_name, scene, show) =>
    during(scene, async (page) => {
      if (scene !== "welcome" && scene !== "settings") await page.getByTestId("role-row").first().waitFor();
      await show(page);
      expect(await objections(page)).toEqual([]);
    }));
});

describe("the switcher's own window", () => {
  it.concurrent.each(["main", "several", "empty"])("is clean over the scene %s, and has the focus in its field", (scene) =>
    during(scene, async (page) => {
      if (scene !== "empty") await page.locator(".hit").first().waitFor();
      await page.keyboard.type("dev stag");
      expect(await page.locator("input").inputValue()).toBe("dev stag");
      expect(await objections(page)).toEqual([]);
    }, { size: [660, 440] }, "switcher.html"));
});
