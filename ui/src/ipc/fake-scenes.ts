// The scenes the fake agent can begin with, by name: `?state=NAME`.
import type { Code } from "./bindings/Code";
import type { Failure } from "./bindings/Failure";
import type { RoleEntry } from "./bindings/RoleEntry";
import type { SessionView } from "./bindings/SessionView";
import type { SignInView } from "./bindings/SignInView";
import type { SsoSessionView } from "./bindings/SsoSessionView";
import type { View } from "./bindings/View";
import { someRoles } from "./fake-roles";

export interface Scene {
  view: View;
  roles: RoleEntry[];
  gone: boolean;
}

const MINUTE = 60_000;
const PRACTICE_URL = "http://127.0.0.1:41733/start";

export const unreachable = fail("unreachable", "AWS cannot be reached", "Check the network, the VPN and the proxy, then try again.", "retry");
export const stillWaiting = fail("stillWaiting", "the browser has not come back yet", "If it shows an error, check the start URL and the Region.", "edit");
export const notAssigned = fail("roleNotAssigned", "this role is no longer assigned to you", "Sync the list, or ask your administrator for the assignment.", "sync");
export const refusedInBrowser = fail("signInRefused", "the sign-in was refused in the browser", "Try again, and choose Allow.", "retry");
export const tooLong = fail("durationTooLong", "a lease lasts at most 12 h", "Shorten to 12 h.", null);
export const notHttps = fail("startUrlNotHttps", "the start URL does not begin with https://", "Type the whole address, https:// included.", "edit");
export const badRegion = fail("badRegion", "that is not a Region", "Type the Region where IAM Identity Center lives, like eu-west-1.", "edit");

export function fail(code: Code, fact: string, advice: string, action: Failure["action"]): Failure {
  return { code, fact, advice, action };
}

export function ssoSession(name: string, change: Partial<SsoSessionView> = {}): SsoSessionView {
  return {
    name,
    startUrl: name === "practice" ? PRACTICE_URL : `https://${name}.awsapps.com/start`,
    region: "eu-west-1",
    source: name === "practice" ? "practice" : "config",
    status: "signedOut",
    signedInAt: null,
    identity: null,
    catalog: { accounts: 0, roles: 0, syncedAt: null, progress: null, failedAccounts: 0, failure: null },
    ...change,
  };
}

export function aSession(role: RoleEntry, now: number, change: Partial<SessionView> = {}): SessionView {
  return {
    session: `s-${role.role.slice(0, 4).toLowerCase()}${role.account.slice(0, 6)}`,
    ssoSession: role.ssoSession,
    account: role.account,
    role: role.role,
    accountName: role.accountName,
    environment: role.environment,
    region: "eu-west-1",
    reason: null,
    scope: "wholeRole",
    phase: "active",
    requestedAt: now - 18 * MINUTE,
    duration: 3600,
    leaseEnd: now + 42 * MINUTE + 17_000,
    expiration: now + 55 * MINUTE,
    failure: null,
    ended: null,
    ...change,
  };
}

const signingIn = (now: number, change: Partial<SignInView> = {}): SignInView => ({
  ssoSession: "practice", attempt: 1, stage: "browser", startedAt: now, hint: null, ...change,
});

/** The scene of this name; "main" for any other. */
export function sceneOf(name: string, now: number): Scene {
  const view: View = {
    now,
    ssoSessions: [],
    signIn: null,
    notice: null,
    sessions: [],
    catalogRevision: 1,
    endpoint: { listening: false, clients: 0 },
    today: { requested: 0, ended: 0 },
    degraded: [],
  };
  const welcome = WELCOME[name];
  if (welcome) return { view: { ...view, ...welcome(now) }, roles: [], gone: false };

  const roles = name === "empty" ? [] : someRoles("practice", name === "many" ? 10_000 : 214, now);
  const accounts = new Set(roles.map((role) => role.account)).size;
  const practice = ssoSession("practice", {
    status: "signedIn",
    signedInAt: new Date(now).setHours(9, 12, 0, 0),
    identity: "dana@example.com",
    catalog: { accounts, roles: roles.length, syncedAt: now - 40_000, progress: null, failedAccounts: 0, failure: null },
  });
  view.ssoSessions = [practice, ssoSession("acme-gov", { region: "us-gov-west-1" })];
  if (name !== "empty") {
    view.sessions = mainSessions(roles, now);
    view.endpoint = { listening: true, clients: 2 };
    view.today = { requested: 3, ended: 1 };
  }
  CHANGES[name]?.(view, practice, roles, now);
  return { view, roles, gone: name === "disconnected" };
}

function mainSessions(roles: readonly RoleEntry[], now: number): SessionView[] {
  const [, readOnly, , developer, , , , audit] = roles;
  if (!readOnly || !developer || !audit) return [];
  return [
    aSession(developer, now),
    aSession(audit, now, {
      phase: "expiring", duration: 900, leaseEnd: now + 4 * MINUTE + 38_000, reason: "TICKET-4821 replay missing audit logs",
    }),
    aSession(readOnly, now, {
      phase: "ended", leaseEnd: now - 5 * MINUTE, region: "us-east-1",
      ended: { at: now - 5 * MINUTE, why: "leaseEnd", wipedPages: 3, awsAcceptsUntil: now + 22 * MINUTE },
    }),
  ];
}

const WELCOME: Readonly<Record<string, (now: number) => Partial<View>>> = {
  welcome: () => ({}),
  "welcome-config": () => ({ ssoSessions: [ssoSession("acme"), ssoSession("acme-gov", { region: "us-gov-west-1" })] }),
  "welcome-practice": () => ({ ssoSessions: [ssoSession("practice")] }),
  "signing-in": (now) => ({ ssoSessions: [ssoSession("practice")], signIn: signingIn(now) }),
  "signing-in-hint": (now) => ({
    ssoSessions: [ssoSession("practice")],
    signIn: signingIn(now, { startedAt: now - 31_000, hint: stillWaiting }),
  }),
  "sign-in-failed": () => ({
    ssoSessions: [ssoSession("practice")],
    notice: { ssoSession: "practice", failure: refusedInBrowser },
  }),
};

type Change = (view: View, practice: SsoSessionView, roles: readonly RoleEntry[], now: number) => void;

const CHANGES: Readonly<Record<string, Change>> = {
  syncing(view, practice, roles) {
    view.sessions = [];
    view.endpoint = { listening: false, clients: 0 };
    practice.identity = null;
    practice.catalog = { ...practice.catalog, accounts: 71, roles: roles.length, syncedAt: null, progress: { done: 40, total: 71 } };
  },
  partial(_view, practice) {
    practice.catalog = { ...practice.catalog, failedAccounts: 3 };
  },
  offline(_view, practice, _roles, now) {
    practice.catalog = { ...practice.catalog, syncedAt: now - 3 * 3_600_000, failure: unreachable };
  },
  lapsed(view, practice) {
    practice.status = "lapsed";
    view.sessions = view.sessions.slice(0, 1);
  },
  resuming(view, practice, roles, now) {
    const role = roles[1];
    practice.status = "lapsed";
    view.signIn = signingIn(now);
    if (role) view.sessions = [aSession(role, now, { phase: "requesting", leaseEnd: null, expiration: null })];
  },
  ended(view, _practice, roles, now) {
    view.sessions = view.sessions.map((session) => ({
      ...session,
      phase: "ended",
      ended: { at: now - 1000, why: session.reason ? "signedOut" : "ended", wipedPages: 3, awsAcceptsUntil: session.reason ? null : now + 22 * MINUTE },
    }));
    view.endpoint = { listening: false, clients: 0 };
    const role = roles[0];
    if (role) view.sessions.push(aSession(role, now, { phase: "requesting", leaseEnd: null, expiration: null }));
  },
  failed(view, _practice, roles, now) {
    const [admin] = roles;
    if (admin) view.sessions = [aSession(admin, now, { phase: "failed", leaseEnd: null, expiration: null, failure: notAssigned }), ...view.sessions];
    view.sessions = view.sessions.map((session) => (session.phase === "active" ? { ...session, failure: unreachable } : session));
  },
  degraded(view) {
    view.degraded = [
      "Memory could not be locked: the limit (ulimit -l) is 64 KiB, 1 MiB is needed.",
      "Lock-screen signals are not available, so leases do not end when the screen locks.",
    ];
  },
  last(view, _practice, _roles, now) {
    view.sessions = view.sessions.map((session) => (session.phase === "active" ? { ...session, phase: "expiring", leaseEnd: now + 62_000 } : session));
  },
};
