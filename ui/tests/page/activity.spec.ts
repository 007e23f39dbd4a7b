// The audit log in the window: found, filtered, gone through by keyboard, exported.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { objections } from "./axe";
import { during, until, useBrowser } from "./browser";

useBrowser();

const rows = (page: Page): Promise<number> => page.getByTestId("log-row").count();

describe.concurrent("activity", () => {
  it("opens with A, says that the chain is whole, and gives the focus back", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("a");
      await until(page, () => page.getByTestId("verdict").textContent(), (value) => expect(value).toContain("chain verified, 1,284 entries"));
      expect(await page.getByTestId("verdict").getAttribute("role")).toBe("status");
      expect(await page.locator("thead th").allTextContents()).toEqual(["Time", "Event", "Role", "Account", "Scope", "By"]);
      await page.keyboard.press("Escape");
      await page.getByTestId("role-list").waitFor();
      expect(await page.evaluate(() => document.activeElement?.id)).toBe("role-list");
    }));

  it("is searched with /, filtered by kind, and shows everything again at Esc", () =>
    during("activity", async (page) => {
      await until(page, () => rows(page), (value) => expect(value).toBe(100));
      await page.keyboard.press("/");
      await page.keyboard.type("admin refused");
      await until(page, () => page.getByTestId("log-row").first().textContent(), (value) => expect(value).toContain("AdministratorAccess"));
      await page.getByTestId("activity-search").fill("");
      await page.getByTestId("activity-kind").selectOption("endings");
      await until(page, () => page.getByTestId("log-row").first().textContent(), (value) => expect(value).toContain("AWS accepts what was issued until"));
      await page.getByTestId("activity-search").fill("nothing like it");
      await page.getByTestId("activity-empty").waitFor();
      await page.keyboard.press("Escape");
      await until(page, () => rows(page), (value) => expect(value).toBe(100));
    }));

  it("goes from row to row by arrows, and gets more at the end", () =>
    during("activity", async (page) => {
      await page.getByTestId("log-row").first().waitFor();
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("ArrowDown");
      const at = (): Promise<number> => page.evaluate(() => [...document.querySelectorAll("[data-testid=log-row]")].indexOf(document.activeElement as Element));
      expect(await at()).toBe(1);
      await page.keyboard.press("End");
      await until(page, () => rows(page), (value) => expect(value).toBe(200));
    }));

  it("says where it is damaged", () =>
    during("activity-damaged", async (page) => {
      await until(page, () => page.getByTestId("verdict").textContent(), (value) => expect(value).toContain("line 412 of audit.1.jsonl was changed or torn off"));
    }));

  it("is exported, and says where the file is", () =>
    during("activity", async (page) => {
      await page.getByTestId("log-row").first().waitFor();
      await page.getByTestId("export").click();
      expect(await objections(page)).toEqual([]);
      await page.getByTestId("export-csv").click();
      await page.getByText("Saved as /home/dana/Downloads/daypass-activity-2026-11-22.csv.").waitFor();
    }));

  it("shows names as text", () =>
    during("activity", async (page) => {
      await page.getByText("<b>prod</b>").first().waitFor();
    }));

  it("spells out what turns a name around, or is unseen in it", () =>
    during("activity", async (page) => {
      await page.getByText("invoice-\\u{202e}dorp\\u{202c}").first().waitFor();
      await page.getByText("\\u{2066}daypass\\u{2069} (pid 7\\u{200f}1)").first().waitFor();
      expect(await page.getByTestId("activity").innerText()).not.toMatch(/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/);
    }));
});
