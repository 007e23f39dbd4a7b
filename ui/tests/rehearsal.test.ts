// Rehearsing a search: it goes through the whole list, and not at once.
import { describe, expect, it, vi } from "vitest";

import { someRoles } from "../src/ipc/fake-roles";
import { indexed } from "../src/lib/catalogue";
import { rehearse } from "../src/lib/rehearsal";

describe("a rehearsal", () => {
  it("looks at every role's text, when whoever waits has had a turn", async () => {
    vi.useFakeTimers();
    const index = indexed(someRoles("acme", 50, 0));
    const looked = new Set<string>();
    const byRank = index.byRank.map((item) => Object.defineProperty({ ...item }, "haystack", {
      get: () => (looked.add(item.key), item.haystack),
    }));
    const done = rehearse({ ...index, byRank });
    expect(looked.size).toBe(0);
    await vi.advanceTimersToNextTimerAsync();
    expect(looked.size).toBe(50);
    expect(vi.getTimerCount()).toBe(1);
    await vi.runAllTimersAsync();
    await done;
    vi.useRealTimers();
  });
});
