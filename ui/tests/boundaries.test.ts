// The page's own walls: one file knows Tauri, one file has colours, nothing is taken for markup.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import * as parts from "../src/ipc/fake-parts";

const ROOT = join(import.meta.dirname, "..");
const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => /\.(ts|svelte|css)$/.test(name))
  .map((name) => ({ name: name.replaceAll("\\", "/"), text: readFileSync(join(ROOT, "src", name), "utf8") }));
const written = files.filter(({ name }) => !name.startsWith("ipc/bindings/"));

const holding = (pattern: RegExp, of = written): string[] => of.filter(({ text }) => pattern.test(text)).map(({ name }) => name);

describe("boundaries", () => {
  it("looks at the page's files", () => expect(written.length).toBeGreaterThan(30));

  it("reaches Tauri through one file", () => {
    expect(holding(/["']@tauri-apps\//)).toEqual(["ipc/client.ts"]);
  });

  it("has hex colours in the tokens only", () => {
    // In code a private field may look like a colour, so there only strings are looked at.
    const code = written.filter(({ name }) => name.endsWith(".ts"));
    expect(holding(/["'`]#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})["'`]/i, code)).toEqual([]);
    const looks = written.filter(({ name }) => !name.endsWith(".ts"));
    expect(holding(/#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b(?!-)/i, looks)).toEqual(["styles/tokens.css"]);
    expect(holding(/\b(?:rgba?|hsla?)\(/)).toEqual([]);
  });

  it("never takes text for markup, nor has styles or scripts a strict CSP forbids", () => {
    expect(holding(/\{@html|innerHTML|insertAdjacentHTML/)).toEqual([]);
    expect(holding(/\sstyle="/)).toEqual([]);
  });

  it("has neither any nor default exports nor barrels", () => {
    const typed = written.filter(({ name }) => name.endsWith(".ts"));
    expect(holding(/:\s*any\b|<any>|\bas any\b/)).toEqual([]);
    expect(holding(/^export default/m, typed)).toEqual([]);
    expect(holding(/^export \* from/m, typed)).toEqual([]);
  });

  it("says each file's reason in its first line, and keeps files short", () => {
    const first = /^(\/\/ |\/\* |<!-- )[A-Z]/;
    expect(written.filter(({ text }) => !first.test(text)).map(({ name }) => name)).toEqual([]);
    expect(written.filter(({ text }) => text.split("\n").length > 350).map(({ name }) => name)).toEqual([]);
  });

  it("has the fake agent refuse in the real one's words", () => {
    const rust = readFileSync(join(ROOT, "../src-tauri/crates/domain/src/failure.rs"), "utf8");
    const failures = Object.values(parts).filter((part) => typeof part === "object" && "fact" in part);
    expect(failures.length).toBeGreaterThan(15);
    const known = failures.filter(({ code }) => new RegExp(`\\b${code}:`, "i").test(rust));
    expect(known.filter(({ fact, advice }) => !rust.includes(`"${fact}"`) || !rust.includes(`"${advice}"`))).toEqual([]);
  });

  it("pins every package exactly", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<string, Record<string, string>>;
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
    expect(Object.keys(dependencies ?? {})).toHaveLength(3);
    expect(readFileSync(join(ROOT, "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});
