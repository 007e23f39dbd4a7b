// Times and lengths in words, and lengths read back from words.
import { describe, expect, it } from "vitest";

import { parsedLength } from "../src/lib/duration";
import { ago, clockTime, count, countdown, counted, length, sentence, timeLeft, visible } from "../src/lib/format";

const NOON = new Date(2026, 10, 22, 12, 0, 0).getTime();

describe("format", () => {
  it.each([
    [42 * 60_000 + 17_000, "42:17"],
    [3 * 3_600_000 + 42 * 60_000 + 17_000, "3:42:17"],
    [4 * 60_000 + 38_000, "04:38"],
    [3_600_000, "1:00:00"],
    [59_001, "01:00"],
    [1, "00:01"],
    [0, "0:00"],
    [-5000, "0:00"],
  ])("counts %d ms down as %s", (ms, text) => expect(countdown(ms)).toBe(text));

  it.each([
    [12 * 3_600_000, "12 h"],
    [3_600_000 - 1, "59 min"],
    [5 * 60_000 + 59_999, "5 min"],
    [5 * 60_000, "5 min"],
    [5 * 60_000 - 1, "05:00"],
    [61_000, "01:01"],
  ])("says of %d ms that %s are left, by the second only when few are", (ms, text) => expect(timeLeft(ms)).toBe(text));

  it.each([
    [900, "15 min"],
    [3600, "1 h"],
    [5400, "1 h 30 min"],
    [45, "45 s"],
  ])("calls %d s %s", (seconds, text) => expect(length(seconds)).toBe(text));

  it.each([
    [2000, "just now"],
    [40_000, "just now"],
    [2 * 3_600_000, "2 h ago"],
    [24 * 3_600_000, "1 day ago"],
    [-1000, "just now"],
  ])("calls a time %d ms back %s", (ms, text) => expect(ago(NOON - ms, NOON)).toBe(text));

  it("names the day where it is another one", () => {
    expect(clockTime(NOON - 3_600_000, NOON)).toBe("11:00");
    expect(clockTime(NOON - 24 * 3_600_000, NOON)).toBe("Sat 12:00");
  });

  it("writes counts and sentences", () => {
    expect(count(10_000)).toBe("10,000");
    expect(counted(1, "role")).toBe("1 role");
    expect(sentence("this role is gone")).toBe("This role is gone.");
    expect(sentence("settings.toml has a mistake")).toBe("settings.toml has a mistake.");
  });
});

describe("a typed length", () => {
  it.each([
    ["90", 5400],
    ["90 min", 5400],
    ["1h30", 5400],
    ["2 h 15 min", 8100],
    ["45s", 45],
    ["2h", 7200],
    ["12:30", 1800],
    ["until 17:30", 5.5 * 3600],
    ["11:00", 23 * 3600],
  ])("reads %s", (text, seconds) => expect(parsedLength(text, NOON)).toBe(seconds));

  it.each(["", "soon", "0", "25:00", "-5", "1 day"])("refuses “%s”", (text) => expect(parsedLength(text, NOON)).toBeNull());
});

describe("a text from outside", () => {
  it("has what is unseen or turns others around spelt out", () => {
    expect(visible("invoice-\u202edorp\u202c")).toBe("invoice-\\u{202e}dorp\\u{202c}");
    expect(visible("a\u200bb\u2066c\u2069\u200e\n\u{e0041}")).toBe("a\\u{200b}b\\u{2066}c\\u{2069}\\u{200e}\\u{a}\\u{e0041}");
  });

  it("stays as it is otherwise, whatever its script", () =>
    expect(["<b>prod</b>", "Zürich Ä 日本 שלום مرحبا", ""].map(visible)).toEqual(["<b>prod</b>", "Zürich Ä 日本 שלום مرحبا", ""]));
});
