// Rehearsing a search: each letter looks through the list once, not all at once, and no more when it is typed.
import { describe, expect, it, vi } from "vitest";

import { someRoles } from "../src/ipc/fake-roles";
import { indexed } from "../src/lib/catalogue";
import { rehearse } from "../src/lib/rehearsal";
import { rowsOfFound } from "../src/lib/rows";
import { Finder } from "../src/lib/search";

describe("a rehearsal", () => {
  /** A list that counts how often its texts are looked at. */
  function watched() {
    const index = indexed(someRoles("acme", 50, 0));
    const seen = { looks: 0 };
    const byRank = index.byRank.map((item) => Object.defineProperty({ ...item }, "haystack", {
      get: () => ((seen.looks += 1), item.haystack),
    }));
    return { index: { ...index, byRank }, seen };
  }

  it("looks at every role's text, when whoever waits has had a turn, and a first letter finds without looking", async () => {
    vi.useFakeTimers();
    const { index, seen } = watched();
    const done = rehearse(index, () => true);
    expect(seen.looks).toBe(0);
    await vi.advanceTimersToNextTimerAsync();
    expect(seen.looks).toBeGreaterThanOrEqual(50);
    expect(vi.getTimerCount()).toBe(1);
    await vi.runAllTimersAsync();
    await done;
    vi.useRealTimers();
    const before = seen.looks;
    const found = new Finder().find(index.byRank, ["p"]);
    expect(found.length).toBeGreaterThan(0);
    expect(rowsOfFound(found, "account")).toBe(rowsOfFound(found, "account"));
    expect(seen.looks).toBe(before);
  });

  it("ends when there is another list", async () => {
    vi.useFakeTimers();
    const { index, seen } = watched();
    await Promise.all([rehearse(index, () => false), vi.runAllTimersAsync()]);
    vi.useRealTimers();
    expect(seen.looks).toBe(0);
  });
});
