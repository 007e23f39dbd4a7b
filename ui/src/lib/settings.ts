// One change to the settings at a time; everything else stays as it is.
import type { AccountRule } from "../ipc/bindings/AccountRule";
import type { QuietHours } from "../ipc/bindings/QuietHours";
import type { Settings } from "../ipc/bindings/Settings";
import type { SsoPlace } from "../ipc/bindings/SsoPlace";
import type { SsoSettings } from "../ipc/bindings/SsoSettings";
import type { AccountGroup } from "./catalogue";
import { matchesPattern } from "./pattern";

export const NEW_RULE = { environment: null, colour: null, duration: null, region: null } as const;
const NEW_SSO = { place: null, colour: null, keepSignedIn: false, way: "browser" } as const;

/** Changes what is set for an SSO session, or adds it. */
export function withSso(settings: Settings, name: string, change: Partial<SsoSettings>): Settings {
  const known = settings.ssoSessions.some((sso) => sso.name === name);
  const all: SsoSettings[] = known ? settings.ssoSessions : [...settings.ssoSessions, { name, ...NEW_SSO }];
  return { ...settings, ssoSessions: all.map((sso) => (sso.name === name ? { ...sso, ...change } : sso)) };
}

/** Adds a typed one; a name that is taken stands there twice, which the agent refuses. */
export function withTyped(settings: Settings, name: string, place: SsoPlace): Settings {
  return { ...settings, ssoSessions: [...settings.ssoSessions, { name, ...NEW_SSO, place }] };
}

export function withoutSso(settings: Settings, name: string): Settings {
  return { ...settings, ssoSessions: settings.ssoSessions.filter((sso) => sso.name !== name) };
}

export function withRule(settings: Settings, rule: AccountRule, at = settings.accounts.length): Settings {
  return { ...settings, accounts: settings.accounts.toSpliced(at, 0, rule) };
}

export function changedRule(settings: Settings, rule: AccountRule, at: number, change: Partial<AccountRule>): Settings {
  const found = placeOf(settings, rule, at);
  return found < 0 ? settings : { ...settings, accounts: settings.accounts.with(found, { ...rule, ...change }) };
}

export function withoutRule(settings: Settings, rule: AccountRule, at: number): Settings {
  const found = placeOf(settings, rule, at);
  return found < 0 ? settings : { ...settings, accounts: settings.accounts.toSpliced(found, 1) };
}

/** Moves a rule up (-1) or down (1), as far as there is room. */
export function movedRule(settings: Settings, rule: AccountRule, at: number, by: -1 | 1): Settings {
  const found = placeOf(settings, rule, at);
  const to = found + by;
  if (found < 0 || to < 0 || to >= settings.accounts.length) return settings;
  return { ...settings, accounts: settings.accounts.toSpliced(found, 1).toSpliced(to, 0, rule) };
}

/** Where this rule is now: another window may have moved it. -1 where it is gone. */
function placeOf({ accounts }: Settings, rule: AccountRule, at: number): number {
  const same = (other: AccountRule | undefined): boolean => JSON.stringify(other) === JSON.stringify(rule);
  return same(accounts[at]) ? at : accounts.findIndex(same);
}

/** How many accounts and roles a pattern speaks of. */
export function matched(groups: readonly AccountGroup[], pattern: string): { accounts: number; roles: number } {
  let accounts = 0;
  let roles = 0;
  if (pattern.trim() === "") return { accounts, roles };
  for (const { entry, items } of groups) {
    if (!matchesPattern(pattern, entry.accountName) && !matchesPattern(pattern, entry.account)) continue;
    accounts += 1;
    roles += items.length;
  }
  return { accounts, roles };
}

/** A Region's code by its shape: AWS adds Regions, we don't keep a list. */
export const isRegion = (text: string): boolean => /^[a-z][a-z0-9-]{1,31}$/.test(text);

/** "22:00–07:00", with any dash; undefined where it is no such thing. */
export function hoursOf(text: string): QuietHours | undefined {
  const [, from, to] = /^([\d:]+)\s*[-–—]\s*([\d:]+)$/.exec(text.trim()) ?? [];
  const time = (one = ""): string | null => (/^([01]?\d|2[0-3]):[0-5]\d$/.test(one) ? one.padStart(5, "0") : null);
  const [first, last] = [time(from), time(to)];
  return first === null || last === null ? undefined : { from: first, to: last };
}

export const hoursText = (hours: QuietHours | null): string => (hours === null ? "" : `${hours.from}–${hours.to}`);
