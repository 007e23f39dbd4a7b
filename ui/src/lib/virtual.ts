// Which rows of a long list are on screen: arithmetic over fixed row heights.
import type { Row } from "./rows";

export const ROLE_HEIGHT = 36;
export const HEADING_HEIGHT = 38;

/** Where each row begins; the last number is where the list ends. */
export function offsetsOf(rows: readonly Row[]): Float64Array {
  const offsets = new Float64Array(rows.length + 1);
  let at = 0;
  rows.forEach((row, i) => {
    offsets[i] = at;
    at += row.kind === "role" ? ROLE_HEIGHT : HEADING_HEIGHT;
  });
  offsets[rows.length] = at;
  return offsets;
}

/** The rows from `from` up to, not including, `to` that touch the viewport, and some around it. */
export function windowOf(
  offsets: Float64Array,
  top: number,
  height: number,
  around = 8,
): { from: number; to: number } {
  const rows = offsets.length - 1;
  const first = lastAtOrBefore(offsets, top);
  const last = lastAtOrBefore(offsets, top + height);
  return { from: Math.max(0, first - around), to: Math.min(rows, last + 1 + around) };
}

/** The scroll position nearest to `top` that shows row `i` whole, with its heading if it is the first below one. */
export function scrolledTo(
  offsets: Float64Array,
  i: number,
  underHeading: boolean,
  top: number,
  height: number,
): number {
  const begin = offsets[underHeading ? i - 1 : i] ?? 0;
  const end = offsets[i + 1] ?? begin;
  if (begin < top) return begin;
  return end > top + height ? end - height : top;
}

function lastAtOrBefore(offsets: Float64Array, y: number): number {
  let low = 0;
  let high = Math.max(0, offsets.length - 2);
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((offsets[middle] ?? 0) <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}
