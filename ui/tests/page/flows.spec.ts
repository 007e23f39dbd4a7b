// The main flows in a real browser, by mouse and by keyboard, over the fake agent.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { launch, open } from "./browser";

let browser: Browser;
beforeAll(async () => { browser = await launch(); });
afterAll(() => browser.close());

async function during(state: string, act: (page: Page) => Promise<void>, size: readonly [number, number] = [1040, 680]): Promise<void> {
  const { page, complaints } = await open(browser, state, "dark", size);
  await act(page);
  expect(complaints).toEqual([]);
  await page.context().close();
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.getAttribute("data-testid") ?? document.activeElement?.id ?? "");

describe("by mouse", () => {
  it("signs in, takes a lease, renews and ends it", () =>
    during("welcome-practice", async (page) => {
      await page.getByTestId("sign-in").click();
      await page.getByText("Open the browser again").waitFor();
      await page.getByTestId("practice-badge").waitFor();
      const row = page.locator('[data-testid=role-row][data-role="AdministratorAccess"][data-account="111122223333"]');
      await page.getByTestId("search").fill("payments-prod admin");
      await row.hover();
      await row.getByTestId("open-console").click();
      const card = page.locator('[data-testid=session-card][data-phase="active"]');
      await card.waitFor();
      expect(await card.getByTestId("countdown").textContent()).toMatch(/^(1:00:00|59:5\d)$/);
      await card.getByTestId("renew").click();
      await card.getByTestId("end").click();
      await page.getByText("3 pages wiped from memory", { exact: false }).waitFor();
      await page.getByText("AWS accepts what was issued until", { exact: false }).waitFor();
      await page.getByText("Dismiss").click();
      await page.getByText("No live sessions.").waitFor();
    }));

  it("tries a practice organisation on first run", () =>
    during("welcome", async (page) => {
      await page.getByTestId("try-practice").click();
      await page.getByTestId("role-row").first().waitFor();
    }));

  it("cancels a sign-in", () =>
    during("signing-in", async (page) => {
      await page.getByText("Cancel").click();
      await page.getByTestId("sign-in").waitFor();
    }));

  it("goes on by itself with a request made while signed out", () =>
    during("lapsed", async (page) => {
      const row = page.getByTestId("role-row").first();
      await row.hover();
      await row.getByTestId("open-terminal").click();
      await page.locator('[data-phase="requesting"]').waitFor();
      await page.getByText("goes on after the sign-in").waitFor();
      await expect.poll(() => page.locator('[data-testid=session-card][data-phase="active"]').count(), { timeout: 5000 }).toBe(2);
    }));

  it("copies the command, never a credential", () =>
    during("main", async (page) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      const card = page.locator('[data-phase="active"]').first();
      await card.getByTestId("copy-env").click();
      await page.getByTestId("notice").waitFor();
      const id = await card.getAttribute("data-session");
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(`eval "$(daypass env --session ${id})"`);
    }));

  it("shows sessions as a tab in a narrow window", () =>
    during("main", async (page) => {
      expect(await page.getByTestId("session-card").count()).toBe(0);
      await page.getByRole("button", { name: /^Sessions/ }).click();
      expect(await page.getByTestId("session-card").count()).toBe(3);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    }, [640, 480]));
});

describe("by keyboard", () => {
  it("finds a role with / and opens a terminal with Ctrl Enter", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.keyboard.press("/");
      expect(await focused(page)).toBe("search");
      await page.keyboard.type("sandbox admin");
      await page.keyboard.press("Control+Enter");
      await page.locator('[data-testid=session-card][data-phase="active"]', { hasText: "sandbox-dana" }).waitFor();
      await page.keyboard.press("Escape");
      expect(await page.getByTestId("search").inputValue()).toBe("");
      await page.keyboard.press("Escape");
      expect(await focused(page)).toBe("role-list");
    }));

  it("switches from anywhere with Ctrl K", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("renew").first().focus();
      await page.keyboard.press("Control+k");
      await page.keyboard.type("stag dev");
      await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Escape");
      expect(await page.getByTestId("switcher").count()).toBe(0);
      expect(await focused(page)).toBe("renew");
    }));

  it("keeps the focus in the request form, and gives it back", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("Shift+Enter");
      for (let i = 0; i < 20; i += 1) {
        await page.keyboard.press("Tab");
        expect(await page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null)).toBe(true);
      }
      for (let i = 0; i < 20; i += 1) await page.keyboard.press("Shift+Tab");
      expect(await page.evaluate(() => document.activeElement?.closest("[role=dialog]") !== null)).toBe(true);
      await page.keyboard.press("Escape");
      expect(await focused(page)).toBe("role-list");
    }));

  it("asks for another length and a reason, and sends them with Enter", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.keyboard.press("Shift+Enter");
      await page.keyboard.press("ArrowLeft");
      await page.keyboard.press("Tab");
      await page.keyboard.type("TICKET-4821");
      expect(await page.getByTestId("submit-request").textContent()).toContain("Request for 30 min");
      await page.keyboard.press("Enter");
      await page.locator('[data-testid=session-card][data-phase="active"]', { hasText: "TICKET-4821" }).waitFor();
    }));

  it("reaches every control of a chosen row by Tab, and no other row's", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("role-list").focus();
      const seen: string[] = [];
      for (let i = 0; i < 5; i += 1) {
        await page.keyboard.press("Tab");
        seen.push(await focused(page));
      }
      expect(seen.slice(0, 4)).toEqual(["favourite", "open-console", "open-terminal", "request"]);
      expect(seen[4]).not.toBe("favourite");
    }));

  it("says milestones to a screen reader", () =>
    during("last", async (page) => {
      await expect.poll(() => page.getByTestId("said").textContent(), { timeout: 6000 }).toContain("ends in 1 minute.");
    }));
});

describe("with 10,000 roles", () => {
  it("keeps few rows in the page, whatever is typed and however far it scrolls", () =>
    during("many", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("search").fill("prod read");
      expect(await page.getByTestId("role-row").count()).toBeLessThan(50);
      await page.getByTestId("search").fill("");
      await page.getByTestId("role-list").evaluate((list) => list.scrollTo(0, 200_000));
      await expect.poll(() => page.getByTestId("role-list").evaluate((list) => list.scrollTop)).toBeGreaterThan(100_000);
      expect(await page.getByTestId("role-row").count()).toBeLessThan(50);
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("End");
      await expect.poll(() => page.locator("[aria-selected=true]").isVisible()).toBe(true);
    }));
});
