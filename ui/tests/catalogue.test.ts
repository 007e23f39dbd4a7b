// Fetching the role list: one fetch at a time, and the newest revision is the one held.
import { describe, expect, it, vi } from "vitest";

import type { RoleEntry } from "../src/ipc/bindings/RoleEntry";
import { someRoles } from "../src/ipc/fake-roles";
import { Catalogue } from "../src/state/catalogue.svelte";

describe("the catalogue", () => {
  it("asks once for many revisions that come while it fetches", async () => {
    vi.useFakeTimers();
    const answers: ((roles: RoleEntry[]) => void)[] = [];
    const catalog = vi.fn(() => new Promise<RoleEntry[]>((answer) => answers.push(answer)));
    const catalogue = new Catalogue({ catalog, watch: vi.fn(), ask: vi.fn(), wish: vi.fn() });

    for (const revision of [1, 2, 3, 4]) catalogue.want(revision);
    expect(catalog).toHaveBeenCalledTimes(1);
    answers[0]?.(someRoles("acme", 10, 0));
    await vi.advanceTimersByTimeAsync(1000);
    expect(catalog).toHaveBeenCalledTimes(2);
    answers[1]?.(someRoles("acme", 20, 0));
    await vi.advanceTimersByTimeAsync(1000);
    expect(catalog).toHaveBeenCalledTimes(2);
    expect(catalogue.size).toBe(20);
    catalogue.want(4);
    expect(catalog).toHaveBeenCalledTimes(2);
    vi.useRealTimers();
  });

  it("asks again after a fetch that failed", async () => {
    const catalog = vi.fn().mockRejectedValueOnce(new Error("gone")).mockResolvedValue([]);
    const catalogue = new Catalogue({ catalog, watch: vi.fn(), ask: vi.fn(), wish: vi.fn() });
    catalogue.want(1);
    await vi.waitFor(() => expect(catalog).toHaveBeenCalledTimes(1));
    await Promise.resolve();
    catalogue.want(1);
    await vi.waitFor(() => expect(catalogue.loaded).toBe(true));
  });
});
