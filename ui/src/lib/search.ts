// Finding roles by words, fast enough for every keystroke over 10,000 of them.
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { RoleRef } from "../ipc/bindings/RoleRef";

export interface Indexed {
  readonly key: string;
  readonly entry: RoleEntry;
  /** Lower-cased role, account name, account id and environment. */
  readonly haystack: string;
}

export interface Index {
  /** Account by account, role by role. */
  readonly byName: readonly Indexed[];
  /** Favourites first, then the most recently used, then by name. */
  readonly byRank: readonly Indexed[];
  readonly favourites: number;
  readonly recent: number;
}

export interface Segment {
  readonly text: string;
  readonly hit: boolean;
}

/** Names one role; the same for an entry, a session and a reference. */
export const keyOf = (role: RoleRef): string => `${role.ssoSession}\n${role.account}\n${role.role}`;

export function indexed(entries: readonly RoleEntry[]): Index {
  const sortable = entries.map((entry) => ({
    item: { key: keyOf(entry), entry, haystack: haystackOf(entry) },
    name: nameKey(entry),
  }));
  sortable.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const byName = sortable.map(({ item }) => item);
  // The sort is stable, so equal ranks stay in order of name.
  const byRank = byName.toSorted((a, b) => rank(b.entry) - rank(a.entry));
  return {
    byName,
    byRank,
    favourites: entries.filter((entry) => entry.favourite).length,
    recent: entries.filter((entry) => entry.lastUsed !== null).length,
  };
}

/** A query's words, lower-cased, each once. */
export function wordsOf(query: string): string[] {
  return [...new Set(query.toLowerCase().split(/\s+/).filter(Boolean))];
}

/** The items that hold all words, in the given order; those never used and no favourites with words at a beginning first. */
export function matching(items: readonly Indexed[], words: readonly string[]): readonly Indexed[] {
  if (words.length === 0) return items;
  const known: Indexed[] = [];
  const begin: Indexed[] = [];
  const hold: Indexed[] = [];
  for (const item of items) {
    if (!words.every((word) => item.haystack.includes(word))) continue;
    if (rank(item.entry) > 0) known.push(item);
    else if (words.every((word) => item.haystack.includes(`\n${word}`))) begin.push(item);
    else hold.push(item);
  }
  return [...known, ...begin, ...hold];
}

/** The text cut where words match, so that matches can be marked. */
export function segments(text: string, words: readonly string[]): Segment[] {
  const lower = text.toLowerCase();
  if (words.length === 0 || lower.length !== text.length) return [{ text, hit: false }];
  const hits = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) {
      hits.fill(1, at, at + word.length);
    }
  }
  const cut: Segment[] = [];
  for (let from = 0; from < text.length; ) {
    let to = from + 1;
    while (to < text.length && hits[to] === hits[from]) to += 1;
    cut.push({ text: text.slice(from, to), hit: hits[from] === 1 });
    from = to;
  }
  return cut;
}

function haystackOf(entry: RoleEntry): string {
  return `\n${entry.role}\n${entry.accountName}\n${entry.account}\n${entry.environment ?? ""}`.toLowerCase();
}

/** Numbers in names compare as numbers: team-2 before team-10. */
function nameKey(entry: RoleEntry): string {
  const name = `${entry.accountName}\n${entry.account}\n${entry.ssoSession}\n${entry.role}`.toLowerCase();
  return name.replace(/\d+/g, (digits) => digits.padStart(12, "0"));
}

function rank(entry: RoleEntry): number {
  return (entry.favourite ? Number.MAX_SAFE_INTEGER / 2 : 0) + (entry.lastUsed ?? 0);
}
