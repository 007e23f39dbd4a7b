// The role list made ready for looking and searching: sorted, grouped, lower-cased once, its rows made beforehand.
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { AccountRow, RoleRow } from "./rows";
import { keyOf } from "./search";

/** Favourites, recently used ones, the rest. */
export type Section = 0 | 1 | 2;

export interface Indexed {
  readonly key: string;
  readonly entry: RoleEntry;
  readonly section: Section;
  readonly group: AccountGroup;
  /** Role, account name, account id and environment, lower-cased, each on a line. */
  readonly haystack: string;
  /** The same cut where words begin in it: `DevOpsDeploy` is dev, ops and deploy. */
  readonly parts: string;
  /** As a row below its account's heading, elsewhere in the list, and among favourites or recent ones. */
  readonly row: RoleRow;
  readonly own: RoleRow;
  readonly pinned: RoleRow;
}

/** One account and its roles. */
export interface AccountGroup {
  readonly key: string;
  readonly entry: RoleEntry;
  readonly items: readonly Indexed[];
  readonly open: AccountRow;
  readonly shut: AccountRow;
}

export interface Index {
  /** Account by account, role by role. */
  readonly byName: readonly Indexed[];
  /** Favourites first, then recently used ones, the warmest first; then by name. */
  readonly byRank: readonly Indexed[];
  readonly groups: readonly AccountGroup[];
  readonly favourites: readonly Indexed[];
  /** The warmest first. */
  readonly warm: readonly Indexed[];
  /** What was used last first. */
  readonly recent: readonly Indexed[];
}

export function indexed(entries: readonly RoleEntry[]): Index {
  const accounts = new Map<string, RoleEntry[]>();
  for (const entry of entries) {
    const key = `${entry.ssoSession}\n${entry.account}`;
    const known = accounts.get(key);
    if (known) known.push(entry);
    else accounts.set(key, [entry]);
  }
  const groups = sorted([...accounts], ([, [first]]) => (first ? `${first.accountName}\n${first.account}\n${first.ssoSession}` : ""))
    .map(([key, of]) => groupOf(key, sorted(of, ({ role }) => role)));
  const byName = groups.flatMap((group) => group.items);
  const warm = byName.filter((item) => item.section < 2).sort((a, b) => heat(b) - heat(a));
  // Sorting is stable, so equal ones stay in order of name.
  const byRank = [...warm.filter(isFavourite), ...warm.filter((item) => !isFavourite(item)), ...byName.filter((item) => item.section === 2)];
  return {
    byName,
    byRank,
    groups,
    favourites: byName.filter(isFavourite),
    warm,
    recent: warm.filter(({ entry }) => entry.lastUsed !== null).sort((a, b) => (b.entry.lastUsed ?? 0) - (a.entry.lastUsed ?? 0)),
  };
}

const isFavourite = (item: Indexed): boolean => item.section === 0;
const heat = ({ entry }: Indexed): number => entry.warmth ?? entry.lastUsed ?? 0;

function groupOf(key: string, entries: readonly RoleEntry[]): AccountGroup {
  const [entry] = entries;
  if (!entry) throw new Error("an account without roles");
  const items: Indexed[] = [];
  const group = { key, entry, items };
  const heading = { kind: "account", key, entry, roles: entries.length } as const;
  const made: AccountGroup = Object.assign(group, { open: { ...heading, open: true }, shut: { ...heading, open: false } });
  const { accountName, account, environment } = entry;
  const about = `\n${accountName}\n${account}\n${environment ?? ""}`;
  const aboutLower = about.toLowerCase();
  const aboutParts = partsOf(about);
  for (const one of entries) items.push(itemOf(one, made, aboutLower, aboutParts));
  return made;
}

function itemOf(entry: RoleEntry, group: AccountGroup, about: string, aboutParts: string): Indexed {
  const key = keyOf(entry);
  const section: Section = entry.favourite ? 0 : entry.lastUsed !== null || entry.warmth !== null ? 1 : 2;
  const item = { key, entry, section, group, haystack: `\n${entry.role.toLowerCase()}${about}`, parts: `${partsOf(`\n${entry.role}`)}${aboutParts}` };
  const row = (is: string, namesAccount: boolean): RoleRow => ({ kind: "role", key: is, item: item as Indexed, namesAccount });
  const own = row(key, true);
  return Object.assign(item, { row: row(key, false), own, pinned: section < 2 ? row(pinnedKey(key), true) : own });
}

/** The key of the row among favourites or recent ones; `key` is the one below its account. */
export const pinnedKey = (key: string): string => `pinned\n${key}`;

/** A line for each word: after a hyphen and the like, and from small letters to a capital. */
const partsOf = (text: string): string =>
  text.replace(/[^\p{L}\p{N}\n]+/gu, "\n").replace(/(\p{Ll}|\p{N})(?=\p{Lu})/gu, "$1\n").toLowerCase();

/** By name; numbers in names compare as numbers: team-2 before team-10. */
function sorted<T>(list: readonly T[], nameOf: (one: T) => string): T[] {
  const named = list.map((one) => ({ one, name: nameOf(one).toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, "0")) }));
  named.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return named.map(({ one }) => one);
}
