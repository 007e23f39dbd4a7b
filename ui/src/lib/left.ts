// How the role list was left, for the next start. The page keeps it itself: it is no secret, and nobody else's business.
import { GROUPINGS, type Grouping } from "./rows";

const KEY = "list";

export interface Left {
  readonly grouping: Grouping;
  /** The keys of the headings whose roles are hidden. */
  readonly collapsed: readonly string[];
}

/** As it was left; null where nobody knows, or what was kept is no such thing. */
export function recall(): Left | null {
  try {
    const { grouping, collapsed } = JSON.parse(localStorage.getItem(KEY) ?? "{}") as { grouping?: unknown; collapsed?: unknown };
    const known = GROUPINGS.find((one) => one === grouping);
    if (!known || !Array.isArray(collapsed)) return null;
    return { grouping: known, collapsed: collapsed.filter((key) => typeof key === "string") };
  } catch {
    return null;
  }
}

/** Keeps it. A list that is forgotten costs nobody anything, so nothing is said. */
export function keep(left: Left): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(left));
  } catch {
    // The disk is full, or nothing may be kept.
  }
}
