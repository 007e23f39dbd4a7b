// Names as hostile as organisations may choose them: wherever one stands, it hides nothing, turns nothing and is no markup.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { HOSTILE } from "../../src/ipc/fake-scenes";
import { visible } from "../../src/lib/format";
import { during, until, useBrowser } from "./browser";

useBrowser();

/** What is read or said of the page and is unseen, or turns text. */
const unseen = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const found: string[] = [];
    const look = (text: string): void => { if (/[\p{Cf}\p{Zl}\p{Zp}]|(?![\n\t])\p{Cc}/u.test(text)) found.push(JSON.stringify(text)); };
    look(document.body.textContent ?? "");
    for (const one of document.body.querySelectorAll("[title], [aria-label]")) look(`${one.getAttribute("title") ?? ""}${one.getAttribute("aria-label") ?? ""}`);
    return found;
  });

async function isTame(page: Page, where: string): Promise<void> {
  const place = page.locator(where);
  await until(page, async () => (await place.allTextContents()).join("\n"), (text) => expect(text).toContain("invoice-\\u{202e}dorp\\u{202c}"));
  expect(await unseen(page)).toEqual([]);
  expect(await page.locator("img[src=x]").count()).toBe(0);
}

const search = (page: Page): Promise<void> => page.getByTestId("search").fill("invoice-");

describe.concurrent("hostile names", () => {
  it.each<[name: string, where: string, go: (page: Page) => Promise<void>]>([
    ["the list", "[data-testid=role-row]", search],
    ["the sessions' cards", "[data-testid=session-card]", async (page) => { await page.getByTestId("session-card").first().waitFor(); }],
    ["what came and went", "[data-testid=changes]", async (page) => { await page.getByTestId("changes").waitFor(); }],
    ["the switcher", "[data-testid=switcher]", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.keyboard.press("Control+k");
      await page.keyboard.type("invoice-");
    }],
    ["the request form", "[data-testid=request-sheet]", async (page) => {
      await search(page);
      const row = page.getByTestId("role-row").first();
      await row.hover();
      await row.getByTestId("request").click();
    }],
    ["the account menu", "[data-testid=session-card]", async (page) => { await page.locator("header [aria-haspopup=dialog]").click(); }],
  ])("hide and turn nothing in %s", (_name, where, go) =>
    during("hostile", async (page) => {
      await go(page);
      await isTame(page, where);
    }));

  it("stand in the list as they are spelt out, each on one line", () =>
    during("hostile", async (page) => {
      const shown = (await page.getByTestId("session-card").allTextContents()).join("\n");
      for (const name of HOSTILE) expect(shown).toContain(visible(name));
    }));
});
