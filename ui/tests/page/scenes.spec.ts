// Every scene, in both themes and at both sizes: nothing axe objects to, nothing the console complains of.
import { describe, expect, it } from "vitest";

import { SCENES } from "../../src/ipc/fake-scenes";
import { objections } from "./axe";
import { LOOKS, during, useBrowser } from "./browser";

useBrowser();

describe("scenes", () => {
  it.concurrent.each(LOOKS.flatMap((look) => SCENES.map((scene) => [scene, look] as const)))("“%s” is clean, %o", (scene, look) =>
    during(scene, async (page) => {
      expect(await objections(page)).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(look.size[0]);
    }, look));
});
