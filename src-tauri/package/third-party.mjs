// Whose work is in the programs, and under which licence: every crate and npm package, with the licence texts they ship.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

const PROGRAMS = ["daypass-desktop", "daypass-agent", "daypass-cli", "daypass-practice"];
/** What Vite puts into the page; everything else of npm only builds it. */
const PAGE = [...Object.keys(JSON.parse(readFileSync("ui/package.json", "utf8")).dependencies), "svelte"];
const LICENCE = /^(licen[cs]e|copying|copyright|notice|unlicense|ofl)/i;

const texts = new Map();
const parts = [...crates(), ...PAGE.map(npmPackage)];
parts.sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
for (const part of parts) {
  part.texts = readdirSync(part.folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && LICENCE.test(entry.name))
    .map((entry) => number(readFileSync(join(part.folder, entry.name), "utf8").trim()));
}

console.log("Daypass contains these works of others. The numbers are those of the texts below.\n");
for (const { name, version, licence, authors, texts } of parts) {
  const where = texts.length ? texts.map((n) => `[${n}]`).join(" ") : authors;
  console.log(`${name} ${version}, ${licence}${where && `: ${where}`}`);
}
console.log("The Rust standard library, MIT OR Apache-2.0: The Rust Project contributors");
for (const [text, n] of texts.values()) console.log(`\n${"-".repeat(80)}\n[${n}]\n\n${text}`);

/** The crates linked into the programs: neither build scripts nor macros, which only make them. */
function crates() {
  const options = { encoding: "utf8", maxBuffer: 1 << 28 };
  const host = execFileSync("rustc", ["--print", "host-tuple"], options).trim();
  const metadata = JSON.parse(execFileSync("cargo", ["metadata", "--format-version=1", "--locked", `--filter-platform=${host}`], options));
  const packages = new Map(metadata.packages.map((p) => [p.id, p]));
  const nodes = new Map(metadata.resolve.nodes.map((n) => [n.id, n]));
  const isMacro = (id) => packages.get(id).targets.some((target) => target.kind.includes("proc-macro"));
  const reached = new Set();
  const queue = metadata.packages.filter((p) => PROGRAMS.includes(p.name)).map((p) => p.id);
  while (queue.length) {
    const id = queue.pop();
    if (reached.has(id) || isMacro(id)) continue;
    reached.add(id);
    const linked = nodes.get(id).deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind === null));
    queue.push(...linked.map((dep) => dep.pkg));
  }
  return [...reached].map((id) => packages.get(id)).filter((p) => p.source !== null).map((p) => ({
    name: p.name,
    version: p.version,
    licence: p.license ?? "see its licence file",
    authors: p.authors.join(", "),
    folder: dirname(p.manifest_path),
  }));
}

function npmPackage(name) {
  const folder = join("ui/node_modules", name);
  const { version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return { name, version, licence: license, authors: author?.name ?? author ?? "", folder };
}

/** The number of a text; the same text in two works is printed once. */
function number(text) {
  const key = createHash("sha256").update(text.replace(/\s+/g, " ")).digest("hex");
  if (!texts.has(key)) texts.set(key, [text, texts.size + 1]);
  return texts.get(key)[1];
}
