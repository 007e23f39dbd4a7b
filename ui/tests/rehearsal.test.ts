// Rehearsing: each letter looks through the list once, not all at once, and no more when it is typed; typing is drawn unseen.
import { screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";

import { someRoles } from "../src/ipc/fake-roles";
import { indexed } from "../src/lib/catalogue";
import { rehearse } from "../src/lib/rehearsal";
import { rehearseTyping } from "../src/parts/rehearsal";
import { RoleList } from "../src/state/list.svelte";
import { rowsOfFound } from "../src/lib/rows";
import { Finder } from "../src/lib/search";
import { shown } from "./shown";

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

describe("typing unseen", () => {
  /** Longer than all of it takes. */
  const LONG = 5_000;

  async function rig() {
    const { face } = await shown("main");
    vi.useFakeTimers();
    return { face, typed: vi.spyOn(RoleList.prototype, "search") };
  }

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it("types whole words into a list of its own, then takes it away; the person's list and page stay as they were", async () => {
    const { face, typed } = await rig();
    rehearseTyping(face);
    expect(typed).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(typed).toHaveBeenCalled();
    expect(screen.getAllByTestId("role-list").length).toBe(1);
    await vi.advanceTimersByTimeAsync(LONG);
    expect(typed.mock.calls.length).toBeGreaterThan(10);
    expect(typed.mock.instances).not.toContain(face.list);
    typed.mockClear();
    await vi.advanceTimersByTimeAsync(LONG);
    expect(typed).not.toHaveBeenCalled();
  });

  it("ends when it is told to", async () => {
    const { face, typed } = await rig();
    const end = rehearseTyping(face);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(typed).toHaveBeenCalledTimes(1);
    end();
    await vi.advanceTimersByTimeAsync(LONG);
    expect(typed).toHaveBeenCalledTimes(1);
  });
});
