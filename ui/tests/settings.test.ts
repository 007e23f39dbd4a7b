// One change to the settings at a time: what it makes of them, and in which order they are sent.
import { describe, expect, it } from "vitest";

import type { AccountRule } from "../src/ipc/bindings/AccountRule";
import type { Intent } from "../src/ipc/bindings/Intent";
import type { Settings } from "../src/ipc/bindings/Settings";
import { someSettings } from "../src/ipc/fake-parts";
import { someRoles } from "../src/ipc/fake-roles";
import { indexed } from "../src/lib/catalogue";
import { changesLine } from "../src/lib/changes";
import { lengthOnly } from "../src/lib/duration";
import { matchesPattern } from "../src/lib/pattern";
import { NEW_RULE, changedRule, hoursOf, hoursText, isRegion, matched, movedRule, withSso, withoutRule } from "../src/lib/settings";
import { Configuration } from "../src/state/settings.svelte";

const rule = (pattern: string): AccountRule => ({ pattern, ...NEW_RULE });
const rules = (...patterns: string[]): Settings => someSettings({ accounts: patterns.map(rule) });
const patterns = (settings: Settings): string[] => settings.accounts.map((one) => one.pattern);

describe("quiet hours", () => {
  it.each(["22:00–07:00", "22:00-7:00", " 22:00 — 07:00 "])("are read from “%s”", (text) => {
    expect(hoursOf(text)).toEqual({ from: "22:00", to: "07:00" });
    expect(hoursText(hoursOf(text) ?? null)).toBe("22:00–07:00");
  });

  it.each(["22:00", "24:00–07:00", "22:60–07:00", "22–7", "from ten", "22:00–07:00–08:00"])("are not read from “%s”", (text) =>
    expect(hoursOf(text)).toBeUndefined());
});

describe("a pattern", () => {
  it.each([
    ["*-PROD", "payments-prod", true],
    ["*-prod", "payments-prod-2", false],
    ["payments-????", "payments-prod", true],
    ["payments-???", "payments-prod", false],
    ["1111*", "111122223333", true],
    ["*", "", true],
    ["", "a", false],
    ["a*b*c", "a-b-b-c", true],
    ["a.c", "abc", false],
  ])("“%s” speaks of “%s”: %s", (pattern, text, is) => expect(matchesPattern(pattern, text)).toBe(is));

  it("takes no longer for being wicked", () => {
    expect(matchesPattern(`${"a*".repeat(200)}b`, "a".repeat(2000))).toBe(false);
  });

  it("tells how many accounts and roles it speaks of", () => {
    const { groups } = indexed(someRoles("acme", 214, 0));
    expect(matched(groups, "payments-*")).toEqual({ accounts: 2, roles: 5 });
    expect(matched(groups, " ")).toEqual({ accounts: 0, roles: 0 });
  });
});

describe("rules", () => {
  it("move as far as there is room", () => {
    const settings = rules("a", "b", "c");
    expect(patterns(movedRule(settings, rule("a"), 0, 1))).toEqual(["b", "a", "c"]);
    expect(patterns(movedRule(settings, rule("a"), 0, -1))).toEqual(["a", "b", "c"]);
    expect(patterns(movedRule(settings, rule("c"), 2, 1))).toEqual(["a", "b", "c"]);
  });

  it("are found where another window moved them, and left alone where they are gone", () => {
    expect(patterns(withoutRule(rules("b", "a"), rule("a"), 0))).toEqual(["b"]);
    expect(patterns(withoutRule(rules("b"), rule("a"), 0))).toEqual(["b"]);
    expect(changedRule(rules("b", "a"), rule("a"), 0, { colour: "red" }).accounts[1]?.colour).toBe("red");
  });
});

describe("an SSO session's settings", () => {
  it("begin with its first change and keep what else is set", () => {
    const first = withSso(someSettings(), "acme", { colour: "teal" });
    expect(withSso(first, "acme", { way: "deviceCode" }).ssoSessions).toEqual([
      { name: "acme", place: null, colour: "teal", keepSignedIn: false, way: "deviceCode" },
    ]);
  });
});

describe("changing the settings", () => {
  const rig = (): { all: Configuration; sent: Settings[]; refuse: (when: boolean) => void } => {
    const sent: Settings[] = [];
    let refuses = false;
    const all = new Configuration(async (intent: Intent) => {
      await Promise.resolve();
      if (refuses) throw new Error("refused");
      if (intent.kind === "configure") sent.push(intent.settings);
    });
    all.learn(someSettings());
    return { all, sent, refuse: (when) => { refuses = when; } };
  };

  it("loses nothing where a second change comes before the first one's view", async () => {
    const { all, sent } = rig();
    await Promise.all([all.change((s) => ({ ...s, duration: 60 })), all.change((s) => ({ ...s, region: "eu-west-1" }))]);
    expect(sent.at(-1)).toMatchObject({ duration: 60, region: "eu-west-1" });
  });

  it("is not undone by a view that was made before it", async () => {
    const { all } = rig();
    await all.change((s) => ({ ...s, duration: 60 }));
    all.learn(someSettings());
    expect(all.now?.duration).toBe(60);
    all.learn(someSettings({ duration: 120 }));
    expect(all.now?.duration).toBe(120);
  });

  it("goes on from what holds after a refusal", async () => {
    const { all, sent, refuse } = rig();
    refuse(true);
    await expect(all.change((s) => ({ ...s, duration: 1 }))).rejects.toThrow();
    refuse(false);
    await all.change((s) => ({ ...s, region: "eu-west-1" }));
    expect(sent).toEqual([someSettings({ region: "eu-west-1" })]);
  });
});

describe("words", () => {
  it("tell what came and went", () => {
    expect(changesLine({ came: 3, went: 1, some: [] })).toBe("3 roles came, 1 went");
    expect(changesLine({ came: 1, went: 0, some: [] })).toBe("1 role came");
    expect(changesLine({ came: 0, went: 2, some: [] })).toBe("2 roles went");
  });

  it("take no time of day for a length", () => {
    expect([lengthOnly("90 min"), lengthOnly("17:30"), lengthOnly("x")]).toEqual([5400, null, null]);
    expect(["eu-west-1", "Ireland", "", "1x"].map(isRegion)).toEqual([true, false, false, false]);
  });
});
