// The role list as flat rows of headings and roles: favourites, recent ones, then accounts or environments.
import type { Environment } from "../ipc/bindings/Environment";
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { AccountGroup, Index, Indexed } from "./catalogue";

export const GROUPINGS = ["account", "environment", "none"] as const;
export type Grouping = (typeof GROUPINGS)[number];

interface Heading {
  readonly key: string;
  readonly roles: number;
  /** Whether its roles are shown. */
  readonly open: boolean;
}

export interface AccountRow extends Heading {
  readonly kind: "account";
  /** Any role of the account. */
  readonly entry: RoleEntry;
}

export interface EnvironmentRow extends Heading {
  readonly kind: "environment";
  readonly environment: Environment | null;
}

export interface SectionRow extends Heading {
  readonly kind: "section";
  readonly label: string;
}

export interface RoleRow {
  readonly kind: "role";
  readonly key: string;
  readonly item: Indexed;
  /** Whether no heading above says which account it is. */
  readonly namesAccount: boolean;
}

export type HeadingRow = AccountRow | EnvironmentRow | SectionRow;
export type Row = HeadingRow | RoleRow;

const ENVIRONMENTS: readonly (Environment | null)[] = ["production", "staging", "development", "sandbox", "shared", null];

/** No heading hides its roles. */
export const NOTHING: ReadonlySet<string> = new Set();

/** How many recently used ones stand above the accounts. */
const RECENT = 5;

/** Where a person can stop: a role, or a heading that hides some. */
export const isStop = (row: Row): boolean => row.kind === "role" || !row.open;

/** All roles: favourites and the warmest recent ones on top, and again where they belong. */
export function rowsOfAll(index: Index, grouping: Grouping, collapsed: ReadonlySet<string>): Row[] {
  if (grouping === "none") return index.byName.map((item) => item.own);
  const rows: Row[] = [];
  addSection(rows, "Favourites", index.warm.filter((item) => item.section === 0), collapsed);
  addSection(rows, "Recent", index.warm.filter((item) => item.section === 1).slice(0, RECENT), collapsed);
  if (grouping === "environment") {
    addEnvironments(rows, index.byName, collapsed);
    return rows;
  }
  for (const group of index.groups) addGroup(rows, group, group.items, collapsed);
  return rows;
}

/** As most people search: by account, with sections. Kept as long as what was found is. */
const arranged = new WeakMap<readonly Indexed[], readonly Row[]>();

/** The roles found, each once: in sections, then by account or environment. */
export function rowsOfFound(items: readonly Indexed[], grouping: Grouping): readonly Row[] {
  if (grouping !== "account") return rowsOfSome(items, grouping, true, NOTHING);
  const rows = arranged.get(items) ?? rowsOfSome(items, grouping, true, NOTHING);
  arranged.set(items, rows);
  return rows;
}

/** The roles found or of one tab, each once; in sections where they are of several. */
export function rowsOfSome(items: readonly Indexed[], grouping: Grouping, sections: boolean, collapsed: ReadonlySet<string>): Row[] {
  if (grouping === "none") return items.map((item) => item.own);
  const rows: Row[] = [];
  let rest = items;
  if (sections) {
    // They come in this order.
    addSection(rows, "Favourites", items.filter((item) => item.section === 0), collapsed);
    addSection(rows, "Recent", items.filter((item) => item.section === 1), collapsed);
    rest = items.filter((item) => item.section === 2);
  }
  if (grouping === "environment") {
    addEnvironments(rows, rest, collapsed);
    return rows;
  }
  const found = new Map<AccountGroup, Indexed[]>();
  for (const item of rest) {
    const known = found.get(item.group);
    if (known) known.push(item);
    else found.set(item.group, [item]);
  }
  for (const [group, of] of found) addGroup(rows, group, of, collapsed);
  return rows;
}

function addSection(rows: Row[], label: string, items: readonly Indexed[], collapsed: ReadonlySet<string>): void {
  if (items.length === 0) return;
  const key = `section ${label}`;
  const open = !collapsed.has(key);
  rows.push({ kind: "section", key, label, roles: items.length, open });
  if (open) for (const item of items) rows.push(item.pinned);
}

function addGroup(rows: Row[], group: AccountGroup, items: readonly Indexed[], collapsed: ReadonlySet<string>): void {
  const open = !collapsed.has(group.key);
  rows.push(open ? group.open : group.shut);
  if (open) for (const item of items) rows.push(item.row);
}

function addEnvironments(rows: Row[], items: readonly Indexed[], collapsed: ReadonlySet<string>): void {
  for (const environment of ENVIRONMENTS) {
    const group = items.filter((item) => item.entry.environment === environment);
    if (group.length === 0) continue;
    const key = `environment ${environment}`;
    const open = !collapsed.has(key);
    rows.push({ kind: "environment", key, environment, roles: group.length, open });
    if (open) for (const item of group) rows.push(item.own);
  }
}
