// What the fake agent does with settings: refuses what makes no sense, and dresses accounts by their rules.
import type { AccountRule } from "./bindings/AccountRule";
import type { Environment } from "./bindings/Environment";
import type { Failure } from "./bindings/Failure";
import type { RoleEntry } from "./bindings/RoleEntry";
import type { SessionView } from "./bindings/SessionView";
import type { Settings } from "./bindings/Settings";
import type { SsoSessionView } from "./bindings/SsoSessionView";
import { matchesPattern } from "../lib/pattern";
import { keyOf } from "../lib/search";
import type { RoleRef } from "./bindings/RoleRef";
import type { View } from "./bindings/View";
import {
  badChain, badCommand, badPattern, badRegion, notHttps, someSsoSettings, ssoSession, ssoTwice, tooLong, tooShort,
} from "./fake-parts";

/** Why these settings are refused; null where they are not. */
export function refusalOf(settings: Settings): Failure | null {
  const durations = [settings.duration, ...settings.accounts.map((rule) => rule.duration ?? settings.duration)];
  if (durations.some((seconds) => seconds < 60)) return tooShort;
  if (durations.some((seconds) => seconds > 12 * 3600)) return tooLong;
  if (settings.accounts.some((rule) => !isText(rule.pattern))) return badPattern;
  if ([settings.terminal, settings.browser].some((command) => command !== null && !isText(command))) return badCommand;
  if (settings.chainedRoles.some(({ name, arn }) => !isText(name) || !/^arn:[^:]+:iam::[^:]+:role\/./.test(arn))) return badChain;
  const names = settings.ssoSessions.map((sso) => sso.name);
  return new Set(names).size < names.length ? ssoTwice : null;
}

const isText = (text: string): boolean => text.trim() !== "" && text.length <= 512 && !/\p{Cc}/u.test(text);

/** The typed SSO sessions that would have another place, or none. */
export function moved(before: Settings, after: Settings): string[] {
  const place = (settings: Settings, name: string): string =>
    JSON.stringify(settings.ssoSessions.find((sso) => sso.name === name)?.place ?? null);
  return before.ssoSessions
    .filter((sso) => sso.place !== null && place(after, sso.name) !== JSON.stringify(sso.place))
    .map((sso) => sso.name);
}

/** Notes a typed SSO session; its name. */
export function noted(view: View, { startUrl, region }: { startUrl: string; region: string }): string {
  if (!startUrl.startsWith("https://")) throw notHttps;
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) throw badRegion;
  const name = new URL(startUrl).hostname.split(".")[0] ?? "sso";
  const place = { startUrl, region };
  if (!view.ssoSessions.some((session) => session.name === name)) view.ssoSessions.push(ssoSession(name, { ...place, source: "typed" }));
  if (!view.settings.ssoSessions.some((sso) => sso.name === name)) view.settings.ssoSessions.push(someSsoSettings(name, { place }));
  return name;
}

/** The SSO sessions as these settings have them. */
export function placed(sessions: readonly SsoSessionView[], gone: readonly string[], settings: Settings): SsoSessionView[] {
  const left = sessions.filter((session) => session.source !== "typed" || !gone.includes(session.name));
  for (const { name, place } of settings.ssoSessions) {
    if (place && !left.some((session) => session.name === name)) left.push(ssoSession(name, { source: "typed", ...place }));
  }
  return left.map((session) => {
    const set = settings.ssoSessions.find((sso) => sso.name === session.name);
    const keepSignedIn = set?.keepSignedIn ?? false;
    return {
      ...session,
      colour: set?.colour ?? null,
      way: set?.way ?? "browser",
      keepSignedIn,
      keyring: keepSignedIn ? session.keyring : null,
    };
  });
}

/** The roles as these settings dress them; `environments` by account name where no rule says. */
export function dressed(roles: readonly RoleEntry[], settings: Settings, environments: ReadonlyMap<string, Environment | null>): RoleEntry[] {
  const looks = new Map<string, ReturnType<typeof lookOf>>();
  return roles.map((role) => {
    const look = looks.get(role.account) ?? lookOf(role, settings.accounts);
    looks.set(role.account, look);
    return {
      ...role,
      environment: look.environment ?? environments.get(role.accountName) ?? null,
      colour: look.colour,
      defaultDuration: look.duration ?? settings.duration,
      defaultRegion: look.region ?? settings.region,
    };
  });
}

/** The cards as the settings dress their accounts. */
export function dressedCards(sessions: readonly SessionView[], roles: readonly RoleEntry[]): SessionView[] {
  const looks = new Map(roles.map((role) => [role.account, role]));
  return sessions.map((session) => {
    const look = looks.get(session.account);
    return look ? { ...session, environment: look.environment, colour: look.colour } : session;
  });
}

/** The first rule that matches and says something wins. */
function lookOf(role: RoleEntry, rules: readonly AccountRule[]): Pick<AccountRule, "environment" | "colour" | "duration" | "region"> {
  const said = rules.filter(({ pattern }) => matchesPattern(pattern, role.accountName) || matchesPattern(pattern, role.account));
  const first = <K extends keyof AccountRule>(key: K): AccountRule[K] | null => said.find((rule) => rule[key] !== null)?.[key] ?? null;
  return { environment: first("environment"), colour: first("colour"), duration: first("duration"), region: first("region") };
}

/** The favourites with this role among them, or without it. */
export function starred(favourites: RoleRef[], role: RoleRef, on: boolean): RoleRef[] {
  const others = favourites.filter((one) => keyOf(one) !== keyOf(role));
  return on ? [...others, role] : others;
}

/** Does what the keyring could not when it was last asked to; whether a sign-in is taken up for that. */
export function takenUp(session: SsoSessionView, on: boolean): boolean {
  const trouble = session.keyring;
  if (trouble === null || session.status === "restoring") return false;
  session.keyring = null;
  if (!on || session.status !== "signedOut" || trouble.action === "forget") return false;
  session.status = "restoring";
  return true;
}
