// Search: all words, any order, ranked; marks.
import { describe, expect, it } from "vitest";

import type { RoleEntry } from "../src/ipc/bindings/RoleEntry";
import { indexed } from "../src/lib/catalogue";
import { Finder, segments, wordsOf } from "../src/lib/search";

const NOW = 1_800_000_000_000;

function role(change: Partial<RoleEntry>): RoleEntry {
  return {
    ssoSession: "acme", account: "111122223333", role: "ReadOnlyAccess", accountName: "payments-prod", environment: "production",
    colour: null, favourite: false, lastUsed: null, warmth: null, lastDuration: null, longest: null, defaultDuration: 3600, defaultRegion: null,
    ...change,
  };
}

const found = (entries: RoleEntry[], query: string): string[] =>
  new Finder().find(indexed(entries).byRank, wordsOf(query)).map(({ entry }) => `${entry.role}@${entry.accountName}`);

describe("matching", () => {
  const entries = [
    role({}),
    role({ role: "DeveloperAccess", accountName: "payments-staging", account: "444455556666", environment: "staging" }),
    role({ role: "AuditLogWriter", accountName: "data-platform", account: "121212121212", environment: "shared" }),
  ];

  it("finds roles that hold all words, in any order", () => {
    expect(found(entries, "stag dev")).toEqual(["DeveloperAccess@payments-staging"]);
    expect(found(entries, "dev stag")).toEqual(["DeveloperAccess@payments-staging"]);
  });

  it("looks at account id and environment too, whatever the case", () => {
    expect(found(entries, "1212")).toEqual(["AuditLogWriter@data-platform"]);
    expect(found(entries, "PRODUCTION")).toEqual(["ReadOnlyAccess@payments-prod"]);
  });

  it("finds nothing where one word is missing", () => {
    expect(found(entries, "dev production")).toEqual([]);
  });

  it("finds no word across two fields", () => {
    expect(found(entries, "accesspay")).toEqual([]);
  });

  it("puts favourites first, then recently used ones, then what begins with the words, then parts that do", () => {
    const ranked = [
      role({ role: "Spreader", accountName: "a" }),
      role({ role: "AdminRead", accountName: "b" }),
      role({ role: "ReadCold", accountName: "c", lastUsed: NOW, warmth: NOW }),
      role({ role: "ReadWarm", accountName: "d", lastUsed: NOW - 1000, warmth: NOW + 9000 }),
      role({ role: "MyRead", accountName: "e", favourite: true, warmth: NOW }),
      role({ role: "ReadStar", accountName: "f", favourite: true }),
      role({ role: "ReadPlain", accountName: "g" }),
    ];
    expect(found(ranked, "read")).toEqual(["ReadStar@f", "MyRead@e", "ReadWarm@d", "ReadCold@c", "ReadPlain@g", "AdminRead@b", "Spreader@a"]);
  });
});

describe("a finder", () => {
  const list = indexed(["ReadOnly", "Reader", "Writer", "DevRead"].map((name) => role({ role: name }))).byRank;
  const names = (finder: Finder, query: string): string[] => finder.find(list, wordsOf(query)).map(({ entry }) => entry.role);

  it("finds the same by typing on, by deleting and by another word as from the beginning", () => {
    const finder = new Finder();
    for (const query of ["r", "re", "rea", "read", "read o", "read", "w", "wr", "", "dev re", "re"]) {
      expect(names(finder, query)).toEqual(names(new Finder(), query));
    }
  });

  it("looks into a new list from its beginning", () => {
    const finder = new Finder();
    names(finder, "write");
    expect(finder.find(list.toReversed(), wordsOf("writer")).map(({ entry }) => entry.role)).toEqual(["Writer"]);
  });
});

describe("indexed", () => {
  it("orders accounts by name, numbers as numbers", () => {
    const names = indexed([role({ accountName: "team-10", account: "1" }), role({ accountName: "team-2", account: "2" })]).byName.map(({ entry }) => entry.accountName);
    expect(names).toEqual(["team-2", "team-10"]);
  });

  it("counts favourites and used ones", () => {
    const index = indexed([role({ favourite: true }), role({ role: "B", lastUsed: 1 }), role({ role: "C" })]);
    expect([index.favourites.length, index.recent.length]).toEqual([1, 1]);
  });
});

describe("segments", () => {
  it("marks each occurrence of each word", () => {
    expect(segments("DevOpsDeploy", ["dev", "de"])).toEqual([
      { text: "Dev", hit: true },
      { text: "Ops", hit: false },
      { text: "De", hit: true },
      { text: "ploy", hit: false },
    ]);
  });

  it("never loses a character", () => {
    const text = "<b>İstanbul & Söhne</b>";
    expect(segments(text, ["s", "b"]).map((part) => part.text).join("")).toBe(text);
  });
});
