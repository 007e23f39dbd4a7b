// Ways in, several SSO sessions, what changed, and the settings, in a real browser.
import type { Locator, Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { during, focused, until, useBrowser } from "./browser";

useBrowser();

describe.concurrent("ways in", () => {
  it("a device code is shown to be compared, and copied", () =>
    during("device-code", async (page) => {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      expect(await page.getByTestId("user-code").textContent()).toBe("WDJB-MJHT");
      expect(await page.getByTestId("verification-uri").textContent()).toMatch(/^https:\/\/device\.sso/);
      await page.getByText("Copy code").click();
      await page.getByText("Copied the code.").waitFor();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("WDJB-MJHT");
      expect(page.context().pages()).toHaveLength(1);
    }));

  it("signs in by a device code, and the focus stays at hand", () =>
    during("welcome-practice", async (page) => {
      await page.getByTestId("sign-in-device").focus();
      await page.keyboard.press("Enter");
      await page.getByTestId("user-code").waitFor();
      expect(await focused(page)).toBe("sign-in-strip");
      await page.getByText("Cancel").click();
      await page.getByTestId("sign-in").waitFor();
      expect(await focused(page)).toBe("sign-in");
    }));

  it("keeps one signed in only where that is said", () =>
    during("welcome-practice", async (page) => {
      expect(await page.getByTestId("keep-signed-in").isChecked()).toBe(false);
      await page.getByTestId("keep-signed-in").check();
      await page.getByTestId("sign-in").click();
      await page.getByTestId("practice-badge").waitFor();
      await page.locator("footer", { hasText: "Refresh token in the keyring" }).waitFor();
    }));

  it("says that a sign-in is being taken up, and opens nothing", () =>
    during("restoring", async (page) => {
      await page.getByText("Taking up your sign-in to the practice organisation from the keyring.").waitFor();
      expect(await page.getByTestId("sign-in").count()).toBe(0);
    }));

  it("tries the keyring again", () =>
    during("keyring", async (page) => {
      const trouble = page.getByTestId("keyring");
      expect(await trouble.textContent()).toContain("The system keyring is locked.");
      await trouble.getByRole("button", { name: "Keep me signed in" }).click();
      await trouble.waitFor({ state: "detached" });
    }));

  it.each([
    ["keyring-signed-out", "The system keyring is locked.", "Keep me signed in", "signed in since"],
    ["not-taken-up", "The sign-in that the keyring keeps was not taken up: the name of AWS's server cannot be looked up.", "Try again", "signed in since"],
    ["keyring-holds", "The system keyring may still hold a sign-in that it was to drop.", "Take it out", "signed out"],
  ])("has a button that does something where the keyring has trouble and one is signed out, as in “%s”", (state, words, button, after) =>
    during(state, async (page) => {
      const trouble = page.getByTestId("keyring");
      expect(await trouble.textContent()).toContain(words);
      await trouble.getByRole("button", { name: button }).click();
      await trouble.waitFor({ state: "detached" });
      await page.locator("header [aria-haspopup=dialog]", { hasText: after }).waitFor();
      expect(await page.getByTestId("sign-in-strip").count()).toBe(0);
    }));
});

describe.concurrent("several SSO sessions", () => {
  it("each say where they are and how they stand", () =>
    during("several", async (page) => {
      await page.locator("header [aria-haspopup=dialog]").click();
      const gov = page.locator("[data-sso-session=acme-gov]");
      expect(await gov.textContent()).toMatch(/aws-us-gov.*us-gov-west-1.*sign-in lapsed/s);
      expect(await page.locator("[data-sso-session=globex]").textContent()).toContain("being signed in");
      await page.getByRole("button", { name: "Sign out: acme" }).first().click();
      await page.locator("header [aria-haspopup=dialog]", { hasText: "signed in since" }).waitFor();
    }));

  it("are told apart in the list and in the switcher", () =>
    during("several", async (page) => {
      await page.getByTestId("search").fill("payments-staging developer");
      await until(page, () => page.getByTestId("role-row").allTextContents(), (rows) => expect(rows.join(" ")).toMatch(/acme.*practice/s));
      await page.keyboard.press("Control+k");
      await page.keyboard.type("payments-staging developer");
      expect((await page.getByRole("option").allTextContents()).join(" ")).toMatch(/acme.*practice/s);
    }));
});

describe.concurrent("what changed", () => {
  it("is said once", () =>
    during("changes", async (page) => {
      const changes = page.getByTestId("changes");
      expect(await changes.textContent()).toMatch(/3 roles came, 1 went.*DatabaseAdministrator.*checkout-prod.*BillingViewer/s);
      await page.getByTestId("seen-changes").click();
      await changes.waitFor({ state: "detached" });
    }));
});

describe.concurrent("groups", () => {
  it("collapse and expand by keyboard and by mouse", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("role-list").focus();
      const section = page.getByTestId("heading-row").first();
      await page.keyboard.press("ArrowLeft");
      expect(await section.getAttribute("aria-expanded")).toBe("false");
      expect(await section.getAttribute("aria-selected")).toBe("true");
      await page.keyboard.press("Enter");
      expect(await section.getAttribute("aria-expanded")).toBe("true");
      await section.click();
      expect(await section.getAttribute("aria-expanded")).toBe("false");
      expect(await section.textContent()).toContain("5 roles");
    }));

  it("say how many roles were found", () =>
    during("main", async (page) => {
      await page.getByTestId("search").fill("prod read");
      await until(page, () => page.getByTestId("found").textContent(), (value) => expect(value).toMatch(/^\d+ roles$/));
    }));
});

describe.concurrent("what no notification daemon shows", () => {
  const notice = (page: Page, id: RegExp): Locator => page.getByTestId("notification").filter({ hasText: id });

  it("stands in the window, the newest nearest to the foot, and says how many more there are", () =>
    during("notices", async (page) => {
      const shown = page.getByTestId("notification");
      await until(page, () => shown.count(), (value) => expect(value).toBe(3));
      expect(await shown.last().textContent()).toContain("Your sign-in to practice has lapsed");
      expect(await shown.last().getAttribute("role")).toBe("alert");
      expect(await shown.first().getAttribute("role")).toBe("status");
      await page.getByText("1 more when these are dismissed").waitFor();
    }));

  it("goes when it is dismissed, and names are never markup", () =>
    during("notices", async (page) => {
      await page.getByRole("button", { name: /^Dismiss: 3 leases ended/ }).click();
      await notice(page, /<b>bold<\/b> & <a href=x>linked<\/a> ended/).waitFor();
      expect(await page.getByTestId("notification").locator("a").count()).toBe(0);
    }));

  it("does what its buttons say", () =>
    during("notices", async (page) => {
      const ending = notice(page, /ends in 5 min/);
      expect(await ending.getByRole("button").allTextContents()).toEqual(["Renew", "End", ""]);
      await ending.getByRole("button", { name: "End", exact: true }).click();
      await page.locator("[data-testid=session-card][data-phase=ended]").nth(1).waitFor();
      await notice(page, /has lapsed/).getByRole("button", { name: "Sign in", exact: true }).click();
      await page.getByTestId("sign-in-strip").waitFor();
    }));
});

describe.concurrent("settings", () => {
  it("open with Ctrl comma, go through their parts by arrows, and give the focus back", () =>
    during("main", async (page) => {
      await page.getByTestId("role-row").first().waitFor();
      await page.getByTestId("role-list").focus();
      await page.keyboard.press("Control+,");
      await page.getByTestId("settings").waitFor();
      await page.keyboard.press("ArrowDown");
      await page.getByTestId("default-duration").waitFor();
      await page.keyboard.press("Escape");
      await page.getByTestId("role-list").waitFor();
      expect(await focused(page)).toBe("role-list");
    }));

  it("keep what was typed when it is refused, and say why beside it", () =>
    during("settings", async (page) => {
      await page.locator("[data-part=leases]").click();
      const field = page.getByTestId("default-duration");
      expect(await field.inputValue()).toBe("1 h 30 min");
      await field.fill("20 h");
      await field.press("Enter");
      expect(await page.getByTestId("refusal").textContent()).toContain("A lease lasts at most 12 h.");
      expect(await field.inputValue()).toBe("20 h");
      await field.fill("2 h");
      await field.blur();
      await page.getByTestId("refusal").waitFor({ state: "detached" });
      await page.keyboard.press("Escape");
      await page.getByTestId("search").fill("billing-dev devops");
      await page.keyboard.press("Shift+Enter");
      await page.getByText("Request for 2 h").waitFor();
    }));

  it("add an SSO session, refuse its name twice, remove it and take that back", () =>
    during("settings", async (page) => {
      await page.getByTestId("new-sso-name").fill("initech");
      await page.getByTestId("new-sso-url").fill("https://hooli.awsapps.com/start");
      await page.getByTestId("new-sso-region").fill("us-east-1");
      await page.getByTestId("add-sso").click();
      expect(await page.getByTestId("refusal").textContent()).toContain("Two SSO sessions have the same name.");
      expect(await page.getByTestId("new-sso-url").inputValue()).toBe("https://hooli.awsapps.com/start");
      await page.getByTestId("new-sso-name").fill("hooli");
      await page.getByTestId("add-sso").click();
      const hooli = page.locator("[data-testid=sso-setting][data-sso-session=hooli]");
      await hooli.getByRole("button", { name: "Remove hooli" }).click();
      await hooli.waitFor({ state: "detached" });
      await page.getByRole("button", { name: "Undo" }).click();
      await hooli.waitFor();
    }));

  it("dress accounts by rules, say live how many match, and move rules by keyboard", () =>
    during("settings", async (page) => {
      await page.locator("[data-part=accounts]").click();
      const rules = page.getByTestId("account-rule");
      await until(page, () => rules.first().getByTestId("rule-matches").textContent(), (value) => expect(value).toContain("18 accounts, 54 roles"));
      await rules.first().getByTestId("rule-pattern").fill("*-staging");
      expect(await rules.first().getByTestId("rule-matches").textContent()).toContain("18 accounts");
      await rules.first().getByTestId("rule-pattern").press("Escape");
      await rules.first().getByTestId("rule-colour").selectOption("teal");
      await rules.first().getByTestId("rule-colour").press("Alt+ArrowDown");
      await until(page, () => rules.nth(1).getByTestId("rule-pattern").inputValue(), (value) => expect(value).toBe("*-prod"));
      await page.keyboard.press("Escape");
      await page.locator("[data-testid=role-row] .edge.colour-teal").first().waitFor();
    }));

  it("remove a rule and a favourite, and take both back", () =>
    during("settings", async (page) => {
      await page.locator("[data-part=accounts]").click();
      await page.getByTestId("remove-rule").first().click();
      await until(page, () => page.getByTestId("account-rule").count(), (value) => expect(value).toBe(2));
      await page.getByRole("button", { name: "Undo" }).click();
      await until(page, () => page.getByTestId("rule-pattern").first().inputValue(), (value) => expect(value).toBe("*-prod"));
      await page.locator("[data-part=favourites]").click();
      await page.getByRole("button", { name: /^Remove SupportUser/ }).click();
      await until(page, () => page.getByRole("button", { name: /^Remove / }).count(), (value) => expect(value).toBe(4));
      await page.getByRole("button", { name: "Undo" }).click();
      await until(page, () => page.getByRole("button", { name: /^Remove / }).count(), (value) => expect(value).toBe(5));
    }));

  it("say what to be told of, when to be quiet, and whether to start at login", () =>
    during("settings", async (page) => {
      await page.locator("[data-part=notifications]").click();
      await page.getByTestId("told-15").uncheck();
      await page.getByTestId("start-at-login").check();
      const quiet = page.getByTestId("quiet-hours");
      await quiet.fill("from ten");
      await quiet.press("Enter");
      expect(await page.getByTestId("refusal").textContent()).toContain("Type it like 22:00–07:00, or leave it empty.");
      await quiet.fill("22:00 - 7:00");
      await quiet.press("Enter");
      await page.getByTestId("refusal").waitFor({ state: "detached" });
      await page.locator("[data-part=programs]").click();
      await page.getByTestId("prompt").uncheck();
      await page.locator("[data-part=notifications]").click();
      expect(await quiet.inputValue()).toBe("22:00–07:00");
      expect(await page.getByTestId("told-15").isChecked()).toBe(false);
      expect(await page.getByTestId("told-5").isChecked()).toBe(true);
      expect(await page.getByTestId("start-at-login").isChecked()).toBe(true);
    }));

  it("open from a standing trouble", () =>
    during("standing", async (page) => {
      await page.getByTestId("standing").first().getByRole("button", { name: "Open settings" }).click();
      await page.getByTestId("settings").waitFor();
    }));
});
