// Grouping into rows, and the arithmetic of the virtual list.
import { describe, expect, it } from "vitest";

import { someRoles } from "../src/ipc/fake-roles";
import { indexed } from "../src/lib/catalogue";
import { rowsOfAll, rowsOfSome, type Row } from "../src/lib/rows";
import { Finder, wordsOf } from "../src/lib/search";
import { HEADING_HEIGHT, ROLE_HEIGHT, offsetsOf, scrolledTo, windowOf } from "../src/lib/virtual";

const index = indexed(someRoles("acme", 214, Date.now()));
const none = new Set<string>();
const of = (rows: readonly Row[], label: string): Row[] => {
  const from = rows.findIndex((row) => row.kind === "section" && row.label === label);
  const to = rows.findIndex((row, i) => i > from && row.kind !== "role");
  return from < 0 ? [] : rows.slice(from + 1, to);
};
const roles = (rows: readonly Row[]): string[] => rows.flatMap((row) => (row.kind === "role" ? [row.item.key] : []));

describe("rows of all roles", () => {
  const rows = rowsOfAll(index, "account", none);

  it("begin with favourites and recent ones, the warmest first", () => {
    expect(rows[0]).toMatchObject({ kind: "section", label: "Favourites", roles: 5 });
    const used = of(rows, "Favourites").map((row) => (row.kind === "role" ? (row.item.entry.lastUsed ?? 0) : 0));
    expect(used).toEqual(used.toSorted((a, b) => b - a));
    expect(of(rows, "Recent")).toHaveLength(3);
    expect(of(rows, "Recent").every((row) => row.kind === "role" && row.namesAccount)).toBe(true);
  });

  it("put each account's roles, all of them, below its heading", () => {
    const first = rows.findIndex((row) => row.kind === "account");
    const below = rows.slice(first);
    expect(new Set(roles(below)).size).toBe(214);
    let account = "";
    for (const row of below) {
      if (row.kind === "account") account = row.entry.account;
      if (row.kind === "role") expect(row.item.entry.account).toBe(account);
    }
  });

  it("have a key of their own each", () => {
    const keys = rows.map((row) => row.key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("leave out what is collapsed, and say how much that is", () => {
    const [group] = index.groups;
    if (!group) throw new Error("no account");
    const fewer = rowsOfAll(index, "account", new Set([group.key, "section Recent"]));
    expect(fewer).toHaveLength(rows.length - group.items.length - 3);
    expect(fewer.find((row) => row.key === group.key)).toMatchObject({ open: false, roles: group.items.length });
  });

  it("group by environment too, production first, and name the account in the row", () => {
    const first = rowsOfAll(index, "environment", none).findIndex((row) => row.kind === "environment");
    const grouped = rowsOfAll(index, "environment", none);
    expect(grouped[first]).toMatchObject({ environment: "production" });
    expect(grouped[first + 1]).toMatchObject({ kind: "role", namesAccount: true });
  });
});

describe("rows of what was found", () => {
  const found = new Finder().find(index.byRank, wordsOf("read"));
  const rows = rowsOfSome(found, "account", true, none);

  it("hold each role once", () => {
    expect(roles(rows).toSorted()).toEqual(found.map((item) => item.key).toSorted());
  });

  it("keep the order of what is given, so the best match stands first", () => {
    expect(roles(rows)[0]).toBe(found[0]?.key);
    expect(roles(rowsOfSome(found, "none", true, none))).toEqual(found.map((item) => item.key));
  });
});

describe("the virtual window", () => {
  const rows = rowsOfAll(index, "account", none);
  const offsets = offsetsOf(rows);

  it("ends where the rows end", () => {
    const headings = rows.filter((row) => row.kind !== "role").length;
    expect(offsets.at(-1)).toBe(headings * HEADING_HEIGHT + (rows.length - headings) * ROLE_HEIGHT);
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
