// The main flows in a real browser, by mouse and by keyboard, over the fake agent.
import { describe, expect, it } from "vitest";

import { during, focused, until, useBrowser } from "./browser";

useBrowser();

describe.concurrent("by mouse", () => {
  it("signs in, takes a lease, renews and ends it", () =>
    during("welcome-practice", async (page) => {
      await page.getByTestId("sign-in").click();
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
      await page.getByText("AWS accepts key …7Q2X until", { exact: false }).waitFor();
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
      await page.getByTestId("search").fill("sandbox billing");
      const row = page.getByTestId("role-row").first();
      await row.hover();
      await row.getByTestId("open-terminal").click();
      await page.locator('[data-testid=session-card][data-phase="active"]', { hasText: "BillingViewer" }).waitFor();
    }));

  it("says that a request waits for the sign-in", () =>
    during("resuming", async (page) => {
      expect(await page.locator('[data-phase="requesting"]').textContent()).toContain("goes on after the sign-in");
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

  it("gives the command that ends a chained role at AWS, and for a portal role what an administrator does", () =>
    during("chained", async (page) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      const open = async (session: string): Promise<void> => {
        await page.locator(`[data-session=${session}]`).getByTestId("end-at-aws").click();
        await page.getByTestId("copy-deny").click();
      };
      await open("s-chained");
      const command = await page.evaluate(() => navigator.clipboard.readText());
      expect(command).toBe(await page.getByTestId("deny-command").textContent());
      expect(command).toContain("put-role-policy --role-name 'Scoped' ");
      await page.keyboard.press("Escape");
      expect(await focused(page)).toBe("end-at-aws");
      const ended = page.locator("[data-phase=ended]").first();
      await open((await ended.getAttribute("data-session")) ?? "");
      expect(await page.getByTestId("deny-command").count()).toBe(0);
      expect(await page.evaluate(() => navigator.clipboard.readText())).toContain("identitystore:userId");
    }));

  it("says after a sign-out what goes on", () =>
    during("main", async (page) => {
      await page.locator("header [aria-haspopup=dialog]").click();
      await page.getByRole("button", { name: /^Sign out/ }).first().click();
      await page.getByText("Signed out of practice. Consoles open in a browser stay open").waitFor();
    }));

  it("shows sessions as a tab in a narrow window", () =>
    during("main", async (page) => {
      expect(await page.getByTestId("session-card").count()).toBe(0);
      await page.getByRole("button", { name: /^Sessions/ }).click();
      expect(await page.getByTestId("session-card").count()).toBe(3);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(640);
    }, { size: [640, 480] }));
});

describe.concurrent("by keyboard", () => {
  it("signs in with Enter, from either field", () =>
    during("welcome", async (page) => {
      await page.getByTestId("start-url").fill("http://acme.example");
      await page.keyboard.press("Enter");
      await page.getByTestId("refusal").waitFor();
      await page.getByTestId("start-url").fill("https://acme.awsapps.com/start");
      await page.getByTestId("sso-region").focus();
      await page.keyboard.type("eu-west-1");
      await page.keyboard.press("Enter");
      await page.getByText("Finish signing in to", { exact: false }).waitFor();
    }));

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
      const chosen = (): Promise<string | null> => page.getByTestId("switcher").locator("[aria-selected=true]").getAttribute("id");
      expect(await chosen()).toBe("hit-0");
      await page.keyboard.press("ArrowDown");
      expect(await chosen()).toBe("hit-1");
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

  it("saves a pass by Enter in its name, and asks for no session by Enter in a question of the policy", () =>
    during("main", async (page) => {
      const cards = page.getByTestId("session-card");
      await page.getByTestId("role-row").first().waitFor();
      const before = await cards.count();
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("Shift+Enter");
      await page.locator("[data-scope=readOnly]").click();
      await page.getByTestId("probe-action").fill("s3:GetObject");
      await page.keyboard.press("Enter");
      await page.getByTestId("as-pass").click();
      await page.getByTestId("pass-name").fill("Look around");
      await page.keyboard.press("Enter");
      await page.getByText("Saved as “Look around”").waitFor();
      expect(await page.getByTestId("request-sheet").count(), "the form is still there").toBe(1);
      expect(await cards.count(), "nothing was asked for").toBe(before);
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

  it("keeps the focus at a card whose button is gone, and moves on when the card is", () =>
    during("main", async (page) => {
      const id = await page.locator('[data-phase="active"]').getAttribute("data-session");
      const card = page.locator(`[data-session="${id}"]`);
      await card.getByTestId("end").focus();
      await page.keyboard.press("Enter");
      await card.getByText("Dismiss").waitFor();
      await until(page, () => page.evaluate(() => document.activeElement?.getAttribute("data-session")), (value) => expect(value).toBe(id));
      await card.getByText("Dismiss").focus();
      await page.keyboard.press("Enter");
      await card.waitFor({ state: "detached" });
      await until(page, () => focused(page), (value) => expect(value).toBe("session-card"));
    }));

  it("says milestones to a screen reader", () =>
    during("last", async (page) => {
      await until(page, () => page.getByTestId("said").textContent(), (value) => expect(value).toContain("ends in 1 minute."));
    }));
});

describe.concurrent("with 10,000 roles", () => {
  it("keeps few rows in the page, whatever is typed and however far it scrolls", () =>
    during("many", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("search").fill("prod read");
      expect(await page.getByTestId("role-row").count()).toBeLessThan(50);
      await page.getByTestId("search").fill("");
      await page.getByTestId("role-list").evaluate((list) => list.scrollTo(0, 200_000));
      await until(page, () => page.getByTestId("role-list").evaluate((list) => list.scrollTop), (value) => expect(value).toBeGreaterThan(100_000));
      expect(await page.getByTestId("role-row").count()).toBeLessThan(50);
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("End");
      await until(page, () => page.locator("[aria-selected=true]").isVisible(), (value) => expect(value).toBe(true));
    }));
});
