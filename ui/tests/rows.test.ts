// Grouping into rows, and the arithmetic of the virtual list.
import { describe, expect, it } from "vitest";

import { someRoles } from "../src/ipc/fake-roles";
import { rowsOf } from "../src/lib/rows";
import { indexed } from "../src/lib/search";
import { HEADING_HEIGHT, ROLE_HEIGHT, offsetsOf, scrolledTo, windowOf } from "../src/lib/virtual";

const index = indexed(someRoles("acme", 214, Date.now()));

describe("rows", () => {
  it("puts each account's roles below its heading", () => {
    const rows = rowsOf(index.byName, "account");
    expect(rows[0]).toMatchObject({ kind: "account" });
    expect(rows.filter((row) => row.kind === "role")).toHaveLength(214);
    let account = "";
    for (const row of rows) {
      if (row.kind === "account") account = row.account;
      if (row.kind === "role") expect(row.item.entry.account).toBe(account);
    }
  });

  it("keeps the order of what it is given, so the best match stands first", () => {
    const rows = rowsOf(index.byRank, "account");
    expect(rows[1]).toMatchObject({ kind: "role", item: index.byRank[0] });
  });

  it("groups by environment, production first, and names the account in the row", () => {
    const rows = rowsOf(index.byName, "environment");
    expect(rows[0]).toMatchObject({ kind: "environment", environment: "production" });
    expect(rows[1]).toMatchObject({ kind: "role", namesAccount: true });
  });

  it("gives each row a key of its own", () => {
    const keys = rowsOf(index.byName, "account").map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe("the virtual window", () => {
  const rows = rowsOf(index.byName, "account");
  const offsets = offsetsOf(rows);

  it("ends where the rows end", () => {
    const headings = rows.filter((row) => row.kind !== "role").length;
    expect(offsets.at(-1)).toBe(headings * HEADING_HEIGHT + 214 * ROLE_HEIGHT);
  });

  it("holds every row that touches the viewport, wherever it is scrolled", () => {
    const end = offsets.at(-1) ?? 0;
    for (let top = 0; top < end; top += 333) {
      const { from, to } = windowOf(offsets, top, 500, 0);
      expect(offsets[from]).toBeLessThanOrEqual(top);
      expect(offsets[to]).toBeGreaterThanOrEqual(Math.min(end, top + 500));
      expect(to - from).toBeLessThan(20);
    }
  });

  it("is empty over no rows", () => {
    expect(windowOf(offsetsOf([]), 0, 500)).toEqual({ from: 0, to: 0 });
  });

  it("scrolls no further than needed", () => {
    expect(scrolledTo(offsets, 2, false, 0, 500)).toBe(0);
    expect(scrolledTo(offsets, 1, true, 400, 500)).toBe(0);
    const far = scrolledTo(offsets, 100, false, 0, 500);
    expect(far + 500).toBe(offsets[101]);
  });
});
