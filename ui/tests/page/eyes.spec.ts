// For every pair of eyes: at 200 % zoom nothing is out of reach, and in forced colours focus and choice are still seen.
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";

import { during, useBrowser, type Size } from "./browser";

useBrowser();

type Open = (page: Page) => Promise<void>;
const VIEWS = ([
  ["main", "main", async (page) => { await page.getByTestId("role-row").first().waitFor(); }],
  ["settings", "settings", async (page) => { await page.getByTestId("settings").waitFor(); }],
  ["request sheet", "main", async (page) => {
    await page.getByTestId("role-row").first().waitFor();
    await page.keyboard.press("Shift+Enter");
  }],
  ["switcher", "main", async (page) => {
    await page.getByTestId("role-row").first().waitFor();
    await page.keyboard.press("Control+k");
    await page.getByRole("option").first().waitFor();
  }],
  ["switcher's own window", "several", async (page) => { await page.getByRole("option").first().waitFor(); }, "switcher.html"],
  ["welcome", "welcome-config", async () => undefined],
  ["protection", "degraded", async (page) => {
    await page.getByTestId("open-protection").click();
    await page.getByTestId("guard").first().waitFor();
    await page.locator("[data-kind=swap] button").click();
  }],
  ["activity", "activity", async (page) => { await page.getByTestId("verdict").waitFor(); }],
  ["shortcuts", "main", async (page) => {
    await page.getByTestId("role-row").first().waitFor();
    await page.keyboard.press("?");
  }],
  ["end at AWS", "chained", async (page) => {
    await page.getByTestId("role-row").first().waitFor();
    const cards = page.getByRole("button", { name: /^Sessions/ });
    if (await cards.isVisible()) await cards.click();
    await page.getByTestId("end-at-aws").first().click();
    await page.getByTestId("deny-policy").waitFor();
  }],
  ["cards", "failed", async (page) => {
    await page.getByTestId("role-row").first().waitFor();
    const cards = page.getByRole("button", { name: /^Sessions/ });
    if (await cards.isVisible()) await cards.click();
    await page.getByTestId("session-card").first().waitFor();
  }],
  ...["leases", "accounts", "chains", "organisation", "favourites", "notifications", "programs"].map((part) =>
    [`settings: ${part}`, "settings", (page: Page) => page.locator(`[data-part=${part}]`).click()] as const),
  ["device code", "device-code", async (page) => { await page.getByTestId("user-code").waitFor(); }],
] as readonly (readonly [name: string, scene: string, open: Open, path?: string])[])
  .map(([name, scene, open, path = ""]) => [name, scene, open, path] as const);

/** The windows as they open. */
const sizeOf = (path: string): Size => (path === "" ? [1040, 680] : [660, 440]);

/** Goes through the page by Tab, until it is round. */
async function eachStop(page: Page, look: (name: string) => Promise<void>): Promise<void> {
  const seen = new Set<string>();
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press("Tab");
    const name = await page.evaluate(() => {
      const at = document.activeElement;
      if (!(at instanceof HTMLElement) || at === document.body) return null;
      // A caret blinks, and is no sign of focus that one would look for.
      Object.assign(at.style, { caretColor: "transparent", forcedColorAdjust: at.matches("input") ? "none" : "" });
      at.dataset["stop"] ??= String(document.querySelectorAll("[data-stop]").length);
      return `${at.dataset["stop"]} ${at.dataset["testid"] ?? at.id} ${at.textContent.trim().slice(0, 30)}`;
    });
    if (name === null) continue;
    if (seen.has(name)) break;
    seen.add(name);
    await look(name);
  }
  expect(seen.size).toBeGreaterThan(0);
}

describe("at 200 % zoom", () => {
  const half = (path: string): Size => [sizeOf(path)[0] / 2, sizeOf(path)[1] / 2];

  it.concurrent.each(VIEWS)("%s is as wide as the window, and whatever has the focus is seen whole", (_name, scene, open, path) =>
    during(scene, async (page) => {
      await open(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(half(path)[0]);
      const hidden: string[] = [];
      await eachStop(page, async (name) => {
        const fault = await page.evaluate(() => {
          const at = document.activeElement as HTMLElement;
          const { left, right, top, bottom, width, height } = at.getBoundingClientRect();
          if (left < 0 || right > innerWidth) return `from ${left} to ${right} of ${innerWidth}`;
          if (height > innerHeight / 2) return null;
          if (top < 0 || bottom > innerHeight) return `from ${top} to ${bottom} of ${innerHeight} down`;
          const on = document.elementFromPoint(left + width / 2, top + height / 2);
          return on && (at.contains(on) || on.contains(at)) ? null : `under ${on?.className}`;
        });
        if (fault) hidden.push(`${name}: ${fault}`);
      });
      expect(hidden).toEqual([]);
    }, { size: half(path) }, path));

  it.concurrent.each(VIEWS)("%s cuts no button's words off", (_name, scene, open, path) =>
    during(scene, async (page) => {
      await open(page);
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("button, label, legend, h1, h2, h3, p")]
          .filter((one) => one.offsetParent !== null && !one.closest(".unseen") && one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1)
          .filter((one) => getComputedStyle(one).overflowX !== "visible" && getComputedStyle(one).textOverflow !== "ellipsis")
          .map((one) => one.outerHTML.slice(0, 120)));
      expect(cut).toEqual([]);
    }, { size: half(path) }, path));
});

describe("with less motion", () => {
  const endless = (page: Page): Promise<number> =>
    page.evaluate(() => document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === Infinity).length);

  it.concurrent.each(["syncing", "resuming", "restoring", "signing-in"])("nothing moves without end in the scene “%s”", (scene) =>
    during(scene, async (page) => {
      await page.locator("progress, [data-phase=requesting], .spin").first().waitFor();
      expect(await endless(page)).toBe(0);
      await page.emulateMedia({ reducedMotion: "no-preference" });
      if (scene !== "syncing") expect(await endless(page), "what the line above looks for").toBeGreaterThan(0);
    }));
});

describe("in forced colours", () => {
  it.concurrent.each(["dark", "light"] as const)("a match can be read, %s", (scheme) =>
    during("main", async (page) => {
      await page.emulateMedia({ forcedColors: "active", colorScheme: scheme });
      await page.getByTestId("search").fill("pay");
      const [mark, around] = await page.locator("mark").first().evaluate((one) =>
        [one, document.body].map((each) => getComputedStyle(each).color));
      expect(mark).toBe(around);
    }));

  it.concurrent.each(VIEWS)("%s shows which control has the focus", (_name, scene, open, path) =>
    during(scene, async (page) => {
      await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
      await open(page);
      const unseen: string[] = [];
      await eachStop(page, async (name) => {
        const box = await page.evaluate(() => {
          const { x, y, width, height } = document.activeElement?.getBoundingClientRect() ?? new DOMRect();
          const [left, top] = [Math.max(0, x - 12), Math.max(0, y - 12)];
          return { x: left, y: top, width: Math.min(innerWidth, x + width + 12) - left, height: Math.min(innerHeight, y + height + 12) - top };
        });
        const picture = async (): Promise<string> => (await page.screenshot({ clip: box })).toString("base64");
        const focused = await picture();
        await page.evaluate(() => { (window as unknown as { at: Element | null }).at = document.activeElement; (document.activeElement as HTMLElement).blur(); });
        const bare = await picture();
        await page.evaluate(() => (window as unknown as { at: HTMLElement }).at.focus());
        if (focused === bare) unseen.push(name);
      });
      expect(unseen).toEqual([]);
    }, { size: sizeOf(path) }, path));

  it.concurrent.each(VIEWS)("%s tells what is chosen from what is not, without colour", (_name, scene, open, path) =>
    during(scene, async (page) => {
      await page.emulateMedia({ forcedColors: "active", reducedMotion: "reduce" });
      await open(page);
      const alike = await page.evaluate(() => {
        const CHOSEN = '[aria-selected="true"], [aria-pressed="true"], [aria-current="page"], label:has(input[type="radio"]:checked)';
        const shape = (one: Element): string => {
          const style = getComputedStyle(one);
          const { outlineStyle, outlineWidth, borderStyle, borderWidth, textDecorationLine, fontWeight } = style;
          const icon = one.querySelector("svg");
          return [outlineStyle === "none" ? "" : outlineWidth, borderStyle, borderWidth, textDecorationLine, fontWeight, icon && getComputedStyle(icon).fill, icon?.innerHTML].join(" ");
        };
        return [...document.querySelectorAll(CHOSEN)].flatMap((one) => {
          const others = [...(one.parentElement?.children ?? [])].filter((other) => other.tagName === one.tagName && !other.matches(CHOSEN) && other.className !== "back");
          const other = others.find((each) => shape(each) === shape(one));
          return other ? [`${one.outerHTML.slice(0, 100)} looks as ${other.outerHTML.slice(0, 100)}`] : [];
        });
      });
      expect(alike).toEqual([]);
    }, { size: sizeOf(path) }, path));
});
