// Every state a person may find the window in, in a real browser: what it says, in words that are seen.
import { describe, expect, it } from "vitest";

import { LOOKS, during, until, useBrowser } from "./browser";

useBrowser();

const STATES: readonly (readonly [state: string, scene: string, words: string])[] = [
  ["empty", "empty", "No role is assigned to you."],
  ["syncing", "syncing", "Listing roles: 40 of 71 accounts"],
  ["partly listed", "partial", "The roles of 3 accounts could not be listed."],
  ["offline", "offline", "AWS cannot be reached."],
  ["offline, with the list's age", "offline", "Roles in it can still be asked for."],
  ["waiting for the browser", "signing-in", "Finish signing in to the practice organisation in your browser."],
  ["waiting for a code", "device-code", "with this code."],
  ["lapsed", "lapsed", "Your sign-in to the practice organisation has lapsed."],
  ["without the agent", "disconnected", "Reconnecting to the agent…"],
];

const CARDS: readonly (readonly [state: string, scene: string, phase: string, words: RegExp])[] = [
  ["active", "main", "active", /42:1\d/],
  ["expiring", "main", "expiring", /4:3\d/],
  ["failed", "failed", "failed", /This role is no longer assigned to you\. Sync the list/],
  ["ended", "ended", "ended", /3 pages wiped from memory/],
  ["requesting", "resuming", "requesting", /goes on after the sign-in/],
];

describe.each(LOOKS)("$scheme, $size", (look) => {
  it.concurrent.each(STATES)("says so when %s", (_state, scene, words) =>
    during(scene, async (page) => {
      await until(page, () => page.getByText(words).filter({ visible: true }).count(), (count) => expect(count).toBeGreaterThan(0));
    }, look));

  it.concurrent("says how many roles there are when there are 10,000", () =>
    during("many", async (page) => {
      await page.getByPlaceholder("Search 10,000 roles…").waitFor();
      await page.getByTestId("role-row").first().waitFor();
    }, look));

  it.concurrent.each(CARDS)("says so on the card of a session that is %s", (_state, scene, phase, words) =>
    during(scene, async (page) => {
      // In a narrow window the cards are behind a tab.
      const tab = page.getByRole("button", { name: /^Sessions/ });
      if (await tab.isVisible()) await tab.click();
      await page.locator(`[data-testid=session-card][data-phase=${phase}]`, { hasText: words }).first().waitFor();
    }, look));
});
