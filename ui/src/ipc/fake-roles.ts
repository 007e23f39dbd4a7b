// A believable organisation for the fake agent: accounts and roles, none of them real.
import type { Environment } from "./bindings/Environment";
import type { RoleEntry } from "./bindings/RoleEntry";

const HOUR = 3_600_000;

const FIRST: readonly (readonly [name: string, account: string, environment: Environment, roles: readonly string[]])[] = [
  ["payments-prod", "111122223333", "production", ["AdministratorAccess", "ReadOnlyAccess", "IncidentResponder"]],
  ["payments-staging", "444455556666", "staging", ["DeveloperAccess", "ReadOnlyAccess"]],
  ["sandbox-dana", "777788889999", "sandbox", ["AdministratorAccess", "BillingViewer"]],
  ["data-platform", "121212121212", "shared", ["AuditLogWriter", "GlueOperator"]],
];

const TEAMS = [
  "checkout", "search", "mobile", "identity", "ledger", "risk", "warehouse", "media", "notify", "pricing",
  "fraud", "catalogue", "support", "partner", "edge", "billing", "insights",
];
const STAGES: readonly (readonly [suffix: string, environment: Environment | null])[] = [
  ["prod", "production"],
  ["staging", "staging"],
  ["dev", "development"],
  ["tools", null],
];
const ROLES = ["ReadOnlyAccess", "DeveloperAccess", "PowerUserAccess", "DevOpsDeploy", "DatabaseAdministrator", "SupportUser"];

/** 2,000 accounts of 5 roles. */
export const manyRoles = (ssoSession: string, now: number): RoleEntry[] => someRoles(ssoSession, 10_000, now, 5);

/** `roles` roles in accounts of about three, the pictures' accounts first. */
export function someRoles(ssoSession: string, roles: number, now: number, each = 3): RoleEntry[] {
  const entries: RoleEntry[] = [];
  const add = (accountName: string, account: string, environment: Environment | null, role: string): void => {
    if (entries.length >= roles) return;
    entries.push({
      ssoSession, account, role, accountName, environment,
      colour: null, favourite: false, lastUsed: null, warmth: null, lastDuration: null, longest: null,
      defaultDuration: 3600, defaultRegion: null,
    });
  };
  for (const [name, account, environment, names] of FIRST) {
    for (const role of names) add(name, account, environment, role);
  }
  for (let n = 0; entries.length < roles; n += 1) {
    const team = TEAMS[n % TEAMS.length] ?? "team";
    const [suffix, environment] = STAGES[Math.floor(n / TEAMS.length) % STAGES.length] ?? ["prod", null];
    const round = Math.floor(n / (TEAMS.length * STAGES.length));
    const name = `${team}-${suffix}${round > 0 ? `-${round + 1}` : ""}`;
    const account = String(200_000_000_000 + ((n * 7_919_317) % 700_000_000_000));
    for (let r = 0; r < each; r += 1) add(name, account, environment, ROLES[(n + r) % ROLES.length] ?? "ReadOnlyAccess");
  }
  const used = (at: number, ago: number, favourite: boolean, longest: number): void => {
    const entry = entries[at];
    if (entry) entries[at] = { ...entry, favourite, lastUsed: now - ago * HOUR, warmth: now - ago * HOUR, lastDuration: 3600, longest };
  };
  used(1, 2, true, 8 * 3600);
  used(3, 0.3, true, 8 * 3600);
  used(5, 26, true, 12 * 3600);
  used(7, 0.2, false, 3600);
  used(9, 50, true, 3600);
  used(22, 5, true, 8 * 3600);
  used(40, 70, false, 8 * 3600);
  used(61, 100, false, 4 * 3600);
  return entries;
}
