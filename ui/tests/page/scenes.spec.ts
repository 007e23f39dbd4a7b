// Every scene, in both themes and at both sizes: nothing axe objects to, nothing the console complains of.
import { describe, expect, it } from "vitest";

import { SCENES } from "../../src/ipc/fake-scenes";
import { objections } from "./axe";
import { LOOKS, during, useBrowser } from "./browser";

useBrowser();

describe("scenes", () => {
  it.concurrent.each(SCENES)("“%s” is clean, dark and wide, light and narrow", (scene) =>
    during(scene, async (page) => expect(await objections(page)).toEqual([])));
});

describe("the footer", () => {
  const CASES = ["main", "degraded", "kept", "minimised"].flatMap((scene) => LOOKS.map((look) => [scene, look.size[0], look] as const));

  it.concurrent.each(CASES)("of %s at %i px has room for all it says", (scene, _wide, look) =>
    during(scene, async (page) => {
      const faults = await page.evaluate(() => {
        const parts = [...document.querySelectorAll<HTMLElement>("footer > *, footer > .end > *")].filter((one) => one.offsetParent !== null && !one.matches(".end"));
        const boxes = parts.map((one) => ({ one, words: one.textContent.trim(), box: one.getBoundingClientRect() }));
        return boxes.flatMap(({ one, words, box }, i) => [
          ...(box.right > innerWidth ? [`“${words}” reaches to ${box.right} of ${innerWidth}`] : []),
          ...(box.left < (boxes[i - 1]?.box.right ?? 0) ? [`“${words}” begins under “${boxes[i - 1]?.words}”`] : []),
          ...(one.scrollWidth > one.clientWidth + 1 ? [`“${words}” is cut off`] : []),
        ]);
      });
      expect(faults).toEqual([]);
    }, look));
});

describe("what is missing", () => {
  it.concurrent.each([["minimised", [1, 1]], ["main", [0, 0]]] as const)("of tray and notification daemon stands in the settings of “%s”", (scene, counts) =>
    during(scene, async (page) => {
      await page.keyboard.press("Control+,");
      await page.locator("[data-part=notifications]").click();
      await page.getByTestId("told-15").waitFor();
      expect([await page.getByTestId("no-tray").count(), await page.getByTestId("no-notifier").count()]).toEqual(counts);
      expect(await objections(page)).toEqual([]);
    }));

  it("is said beside the notices that stand in the window for it", () =>
    during("notices", async (page) => {
      await page.getByText("No notification daemon answers: notices stand here.").waitFor();
    }));
});

describe("an environment's colour", () => {
  it("is worn by the row of production and the card of staging, and by no row of others", () =>
    during("main", async (page) => {
      const painted = (selector: string, pseudo?: string): Promise<readonly [seen: string, environment: string]> =>
        page.locator(selector).first().evaluate((one, pseudo) => {
          const swatch = document.body.appendChild(document.createElement("i"));
          swatch.style.background = getComputedStyle(one).getPropertyValue("--env");
          const colour = getComputedStyle(swatch).backgroundColor;
          swatch.remove();
          return [getComputedStyle(one, pseudo).backgroundColor, colour] as const;
        }, pseudo);
      const [row, production] = await painted("[data-testid=role-row] .edge.env-production");
      const [card, staging] = await painted("[data-testid=session-card].env-staging", "::before");
      expect([row, card]).toEqual([production, staging]);
      expect(row).not.toBe(card);
      expect(await page.locator("[data-testid=role-row] .bar.env-sandbox, [data-testid=heading-row] .bar.env-sandbox").count()).toBeGreaterThan(0);
      expect(await page.locator("[data-testid=role-row] .edge.env-sandbox").count()).toBe(0);
    }));
});
