// Chained roles in the settings: one change at a time, and where each is known from.
import type { ChainedRole } from "../ipc/bindings/ChainedRole";
import type { Known } from "../ipc/bindings/Known";
import type { Settings } from "../ipc/bindings/Settings";

/** Where a chained role, preset or rule is known from, in words. */
export const FROM = {
  daypass: "Daypass", config: "AWS config file", settings: "your settings", organisation: "your organisation", practice: "the practice organisation",
} as const satisfies Record<Known, string>;

export const NEW_CHAIN = { externalId: null, fromRole: "*", fromAccount: "*", takesTags: false, takesSourceIdentity: false, source: "settings" } as const;

export function withChain(settings: Settings, chain: ChainedRole, at = settings.chainedRoles.length): Settings {
  return { ...settings, chainedRoles: settings.chainedRoles.toSpliced(at, 0, chain) };
}

export function changedChain(settings: Settings, chain: ChainedRole, at: number, change: Partial<ChainedRole>): Settings {
  const found = placeOf(settings, chain, at);
  return found < 0 ? settings : { ...settings, chainedRoles: settings.chainedRoles.with(found, { ...chain, ...change }) };
}

export function withoutChain(settings: Settings, chain: ChainedRole, at: number): Settings {
  const found = placeOf(settings, chain, at);
  return found < 0 ? settings : { ...settings, chainedRoles: settings.chainedRoles.toSpliced(found, 1) };
}

/** Where it is now: another window may have changed the list. -1 where it is gone. */
function placeOf({ chainedRoles }: Settings, chain: ChainedRole, at: number): number {
  const same = (other: ChainedRole | undefined): boolean => JSON.stringify(other) === JSON.stringify(chain);
  return same(chainedRoles[at]) ? at : chainedRoles.findIndex(same);
}

/** For which portal roles: "any role", "Developer* in *-prod". */
export function servesWords({ fromRole, fromAccount }: Pick<ChainedRole, "fromRole" | "fromAccount">): string {
  if (fromRole === "*" && fromAccount === "*") return "from any role";
  return `from ${fromRole === "*" ? "any role" : fromRole} in ${fromAccount === "*" ? "any account" : fromAccount}`;
}

/** What its trust policy takes. */
export function takesWords({ takesTags, takesSourceIdentity }: Pick<ChainedRole, "takesTags" | "takesSourceIdentity">): string {
  const taken = [takesTags ? "session tags" : "", takesSourceIdentity ? "a source identity" : ""].filter((word) => word !== "");
  return taken.length === 0 ? "takes neither tags nor source identity" : `takes ${taken.join(" and ")}`;
}
