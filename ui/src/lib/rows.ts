// The role list as flat rows of headings and roles, in the order the roles come in.
import type { Environment } from "../ipc/bindings/Environment";
import type { Indexed } from "./search";

export type Grouping = "account" | "environment" | "none";

export interface AccountRow {
  readonly kind: "account";
  readonly key: string;
  readonly accountName: string;
  readonly account: string;
  readonly ssoSession: string;
  readonly environment: Environment | null;
}

export interface EnvironmentRow {
  readonly kind: "environment";
  readonly key: string;
  readonly environment: Environment | null;
  readonly roles: number;
}

export interface RoleRow {
  readonly kind: "role";
  readonly key: string;
  readonly item: Indexed;
  /** Whether no heading above says which account it is. */
  readonly namesAccount: boolean;
}

export type Row = AccountRow | EnvironmentRow | RoleRow;

const ENVIRONMENTS: readonly (Environment | null)[] = [
  "production",
  "staging",
  "development",
  "sandbox",
  "shared",
  null,
];

export function rowsOf(items: readonly Indexed[], grouping: Grouping): Row[] {
  if (grouping === "none") return items.map((item) => roleRow(item, true));
  return grouping === "account" ? byAccount(items) : byEnvironment(items);
}

function byAccount(items: readonly Indexed[]): Row[] {
  const groups = new Map<string, Indexed[]>();
  for (const item of items) {
    const key = `${item.entry.ssoSession}\n${item.entry.account}`;
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  const rows: Row[] = [];
  for (const [key, group] of groups) {
    const first = group[0];
    if (!first) continue;
    const { accountName, account, ssoSession, environment } = first.entry;
    rows.push({ kind: "account", key, accountName, account, ssoSession, environment });
    for (const item of group) rows.push(roleRow(item, false));
  }
  return rows;
}

function byEnvironment(items: readonly Indexed[]): Row[] {
  const rows: Row[] = [];
  for (const environment of ENVIRONMENTS) {
    const group = items.filter((item) => item.entry.environment === environment);
    if (group.length === 0) continue;
    rows.push({ kind: "environment", key: `environment ${environment}`, environment, roles: group.length });
    for (const item of group) rows.push(roleRow(item, true));
  }
  return rows;
}

function roleRow(item: Indexed, namesAccount: boolean): RoleRow {
  return { kind: "role", key: item.key, item, namesAccount };
}
