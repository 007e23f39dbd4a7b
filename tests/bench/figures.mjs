// Figures: the middle of several, and how they are written.

export function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

export const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
export const millis = (milliseconds) => `${milliseconds.toFixed(milliseconds < 100 ? 1 : 0)} ms`;
export const megabytes = (mb) => `${mb.toFixed(0)} MB`;
export const percent = (part) => `${(part * 100).toFixed(2)} %`;

/** One line of the table: ours against something measured in the same run, by the same means. */
export function against(what, ours, other, write, { than, bar = "", note = "" }) {
  return { what, ours: write(ours), other: `${write(other)} ${than}`, ratio: other > 0 ? (ours / other).toFixed(2) : "n/a", bar, note };
}

/** One line where there is nothing to compare with but a bar. */
export function alone(what, ours, { bar = "", note = "" } = {}) {
  return { what, ours, other: "", ratio: "", bar, note };
}

export function table(rows) {
  const columns = ["what", "ours", "other", "ratio", "bar", "note"];
  const all = [{ what: "", ours: "Daypass", other: "compared with", ratio: "ratio", bar: "bar", note: "" }, ...rows];
  const widths = columns.map((column) => Math.max(...all.map((row) => row[column].length)));
  const isNumber = new Set(["ours", "ratio"]);
  return all
    .map((row) => columns.map((c, i) => (isNumber.has(c) ? row[c].padStart(widths[i]) : row[c].padEnd(widths[i]))).join("  ").trimEnd())
    .join("\n");
}
