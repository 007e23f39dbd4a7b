// The protection page in a real browser: what holds, what doesn't and how to fix it, the self-check, and the way out.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { objections } from "./axe";
import { during, focused, until, useBrowser } from "./browser";

useBrowser();

const open = async (page: Page): Promise<void> => {
  await page.getByTestId("open-protection").click();
  await page.getByTestId("guard").first().waitFor();
};

describe.concurrent("protection", () => {
  it("says of every guard whether it holds, in words too, and what was found", () =>
    during("main", async (page) => {
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("p");
      const guards = page.getByTestId("guard");
      await until(page, () => guards.count(), (value) => expect(value).toBe(9));
      expect(await guards.first().textContent()).toMatch(/Holds:.*Secrets in locked pages.*5 pages/s);
      expect(await page.getByTestId("protection").textContent()).toContain("checked just now on this machine");
      expect(await page.getByText("how to fix").count()).toBe(0);
      await page.keyboard.press("Escape");
      expect(await focused(page)).toBe("role-list");
    }));

  it("says how to fix what is weaker, by keyboard alone", () =>
    during("degraded", async (page) => {
      await open(page);
      const swap = page.locator("[data-kind=swap]");
      expect(await swap.textContent()).toContain("Weaker than it should be:");
      expect(await swap.getByText("swapoff").isVisible()).toBe(false);
      await swap.getByRole("button").focus();
      await page.keyboard.press("Enter");
      expect(await swap.getByText("swapoff").isVisible()).toBe(true);
      expect(await swap.getByRole("button").getAttribute("aria-expanded")).toBe("true");
      expect(await objections(page)).toEqual([]);
    }));

  it("is reached from what is missing, too", () =>
    during("degraded", async (page) => {
      await page.locator("footer .degraded").click();
      await page.getByRole("button", { name: "What protects you" }).last().click();
      await page.getByTestId("guard").first().waitFor();
    }));

  it("shows what the self-check did not find", () =>
    during("main", async (page) => {
      await open(page);
      await page.getByTestId("self-check").click();
      const result = page.getByTestId("self-check-result");
      await result.waitFor();
      expect(await result.textContent()).toContain("12 secrets that have gone left none.");
      expect(await page.locator("[data-kind=secretAccessKey] td").allTextContents()).toEqual(["2", "2", "0"]);
      expect(await objections(page)).toEqual([]);
    }));

  it("shows what the self-check found", () =>
    during("found", async (page) => {
      await open(page);
      await page.getByTestId("self-check").click();
      await page.getByText("3 copies were found outside the locked pages.").waitFor();
      expect(await page.locator("[data-kind=sessionToken] td").allTextContents()).toEqual(["2", "2", "2"]);
      expect(await objections(page)).toEqual([]);
    }));

  it("puts secrets into the kind of memory that is chosen, and looks again", () =>
    during("main", async (page) => {
      await open(page);
      const memory = page.getByLabel(/^Where secrets rest/);
      expect(await memory.inputValue()).toBe("locked");
      await memory.selectOption("secret");
      await page.getByText("kept out of swap, core dumps and forks, out of the kernel's reach too").waitFor();
      await page.getByTestId("close-settings").click();
      await open(page);
      expect(await memory.inputValue()).toBe("secret");
      expect(await objections(page)).toEqual([]);
    }));

  it("wipes everything for whoever says so twice", () =>
    during("main", async (page) => {
      await open(page);
      await page.getByTestId("wipe").click();
      await page.getByText(/This ends 2 live sessions and signs you out everywhere/).waitFor();
      await page.getByRole("button", { name: "Wipe everything", exact: true }).click();
      await page.getByText("Everything is wiped").waitFor();
      await until(page, () => page.locator("footer").textContent(), (text) => expect(text).not.toContain("live session"));
    }));
});
