// Every scene, in both themes and at both sizes: nothing axe objects to, nothing the console complains of.
import { describe, expect, it } from "vitest";

import { SCENES } from "../../src/ipc/fake-scenes";
import { objections } from "./axe";
import { during, useBrowser } from "./browser";

useBrowser();

describe("scenes", () => {
  it.concurrent.each(SCENES)("“%s” is clean, dark and wide, light and narrow", (scene) =>
    during(scene, async (page) => expect(await objections(page)).toEqual([])));
});
