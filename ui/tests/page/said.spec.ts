// What a screen reader is told unasked while time passes: milestones, and no chatter.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { atOwnTime, useBrowser } from "./browser";

useBrowser();

/** Takes down from now on whatever changes in a live region, as a screen reader would say it. */
const listen = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const heard: string[] = [];
    Object.assign(window, { heard });
    const LIVE = "[aria-live], [role=status], [role=alert], [role=log]";
    const say = (node: Node): void => {
      const at = node instanceof Element ? node : node.parentElement;
      const regions = [at?.closest(LIVE), ...(at?.querySelectorAll(LIVE) ?? [])];
      for (const region of regions) {
        const text = region?.getAttribute("aria-live") === "off" ? "" : (region?.textContent ?? "").trim();
        if (text !== "" && heard.at(-1) !== text) heard.push(text);
      }
    };
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) [target, ...addedNodes].forEach(say);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });

const heard = (page: Page): Promise<string[]> => page.evaluate(() => (window as unknown as { heard: string[] }).heard);

describe.concurrent("in a minute", () => {
  it("a live lease says its milestone once, and nothing else speaks", () =>
    atOwnTime("last", async (page) => {
      await page.locator("[data-phase=expiring]").first().waitFor();
      await listen(page);
      await page.clock.runFor(58_000);
      expect(await heard(page)).toEqual(["DeveloperAccess in payments-staging ends in 1 minute."]);
    }));

  it.each(["main", "busy", "syncing", "offline", "lapsed", "device-code"])("nothing speaks in the scene “%s”, where nothing happens", (scene) =>
    atOwnTime(scene, async (page) => {
      await page.locator("footer, [data-first]").first().waitFor();
      await listen(page);
      await page.clock.runFor(60_000);
      expect(await heard(page)).toEqual([]);
    }));
});
