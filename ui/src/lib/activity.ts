// The audit log's rows as a table with days between them. Pure: `now` is an argument.
import type { LogKind } from "../ipc/bindings/LogKind";
import type { LogRow } from "../ipc/bindings/LogRow";

export type Line = { readonly kind: "day"; readonly day: string } | { readonly kind: "row"; readonly row: LogRow };

/** What rows can be filtered by. */
export const KINDS: readonly (readonly [kind: LogKind, name: string])[] = [
  ["signIns", "Sign-ins"],
  ["leases", "Requests and grants"],
  ["uses", "Console, terminal, credentials"],
  ["endings", "Endings and wipes"],
  ["trouble", "Refusals and failures"],
  ["other", "Settings and the rest"],
];

const DAY = 24 * 3_600_000;

/** The rows with a line before each day's first. */
export function lines(rows: readonly LogRow[], now: number): Line[] {
  const all: Line[] = [];
  let last = "";
  for (const row of rows) {
    const day = dayOf(row.at, now);
    if (day !== last) all.push({ kind: "day", day });
    all.push({ kind: "row", row });
    last = day;
  }
  return all;
}

/** "Today", "Yesterday", "Fri 20 November 2026". */
export function dayOf(at: number, now: number): string {
  const day = new Date(at).toDateString();
  if (day === new Date(now).toDateString()) return "Today";
  if (day === new Date(now - DAY).toDateString()) return "Yesterday";
  return new Date(at).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "long", year: "numeric" }).replace(",", "");
}

/** "12:09:14". */
export function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB");
}
