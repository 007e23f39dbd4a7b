// The scenes the fake agent can begin with, by name: `?state=NAME`.
import type { LogRow } from "./bindings/LogRow";
import type { RoleEntry } from "./bindings/RoleEntry";
import type { SessionView } from "./bindings/SessionView";
import type { SsoSessionView } from "./bindings/SsoSessionView";
import type { View } from "./bindings/View";
import {
  MINUTE, aSession, clockOff, keyringAbsent, keyringHolds, keyringLocked, nameNotFound, notAssigned, practiceEnded, proxyAuth,
  refusedInBrowser, settingsInvalid, settingsUnwritable, signingIn, someSettings, someSsoSettings, ssoSession, stillWaiting,
  unreachable, withCode,
} from "./fake-parts";
import { someLog } from "./fake-log";
import { manyRoles, someRoles } from "./fake-roles";

export interface Scene {
  view: View;
  roles: RoleEntry[];
  gone: boolean;
  /** Whether the self-check finds copies. */
  finds?: boolean;
  log: LogRow[];
  logIsDamaged: boolean;
}

/** The scene of this name; "main" for any other. */
export function sceneOf(name: string, now: number): Scene {
  const view: View = {
    now,
    utcOffset: -60 * new Date(now).getTimezoneOffset(),
    ssoSessions: [],
    signIn: null,
    notice: null,
    sessions: [],
    quick: [],
    passes: [],
    catalogRevision: 1,
    endpoint: { listening: false, clients: 0 },
    today: { requested: 0, ended: 0 },
    degraded: [],
    standing: [],
    settings: someSettings(),
    logRevision: 1,
    desktop: { tray: true, minimised: false, withoutNotifier: false, notifications: [], show: null },
  };
  const welcome = WELCOME[name];
  if (welcome) return { view: { ...view, ...welcome(now) }, roles: [], gone: false, log: [], logIsDamaged: false };

  const roles = name === "empty" ? [] : name === "many" ? manyRoles("practice", now) : someRoles("practice", 214, now);
  const practice = ssoSession("practice", {
    status: "signedIn",
    signedInAt: new Date(now).setHours(9, 12, 0, 0),
    identity: "dana@example.com",
  });
  practice.catalog = { ...practice.catalog, accounts: accountsOf(roles), roles: roles.length, syncedAt: now - 40_000 };
  view.ssoSessions = [practice, ssoSession("acme-gov", { region: "us-gov-west-1" })];
  view.settings.favourites = favouritesOf(roles);
  if (name !== "empty") {
    view.sessions = mainSessions(roles, now);
    view.endpoint = { listening: true, clients: 2 };
    view.today = { requested: 3, ended: 1 };
  }
  const scene: Scene = { view, roles, gone: name === "disconnected", log: someLog(1284, now), logIsDamaged: false };
  CHANGES[name]?.(view, practice, roles, now, scene);
  return scene;
}

const accountsOf = (roles: readonly RoleEntry[]): number => new Set(roles.map((role) => role.account)).size;

const favouritesOf = (roles: readonly RoleEntry[]): View["settings"]["favourites"] =>
  roles.filter((role) => role.favourite).map(({ ssoSession: name, account, role }) => ({ ssoSession: name, account, role }));

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
      ended: { at: now - 5 * MINUTE, why: "leaseEnd", wipedPages: 3, awsAcceptsUntil: now + 22 * MINUTE, clientsTold: 2, keyIdEnd: "7Q2X" },
    }),
  ];
}

const practiceOnly = (): SsoSessionView[] => [ssoSession("practice")];

const WELCOME: Readonly<Record<string, (now: number) => Partial<View>>> = {
  welcome: () => ({}),
  "welcome-config": () => ({ ssoSessions: [ssoSession("acme"), ssoSession("acme-gov", { region: "us-gov-west-1", colour: "violet" })] }),
  "welcome-practice": () => ({ ssoSessions: practiceOnly() }),
  "signing-in": (now) => ({ ssoSessions: practiceOnly(), signIn: signingIn(now) }),
  "signing-in-hint": (now) => ({ ssoSessions: practiceOnly(), signIn: signingIn(now, { startedAt: now - 31_000, hint: stillWaiting }) }),
  "device-code": (now) => ({ ssoSessions: practiceOnly(), signIn: withCode(now) }),
  "device-code-starting": (now) => ({ ssoSessions: practiceOnly(), signIn: signingIn(now, { way: "deviceCode", stage: "starting" }) }),
  "sign-in-failed": () => ({ ssoSessions: practiceOnly(), notice: { ssoSession: "practice", failure: refusedInBrowser } }),
  "standing-first": () => ({ standing: [clockOff] }),
};

type Change = (view: View, practice: SsoSessionView, roles: readonly RoleEntry[], now: number, scene: Scene) => void;

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
  restoring(view, practice) {
    Object.assign(practice, { status: "restoring", signedInAt: null, identity: null, keepSignedIn: true });
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
    view.sessions = [];
    view.endpoint = { listening: false, clients: 0 };
  },
  resuming(view, practice, roles, now) {
    const role = roles[1];
    practice.status = "lapsed";
    view.signIn = signingIn(now);
    if (role) view.sessions = [aSession(role, now, { phase: "requesting", leaseEnd: null, expiration: null })];
  },
  "resuming-device-code"(view, practice, roles, now) {
    const role = roles[1];
    Object.assign(practice, { status: "lapsed", way: "deviceCode" });
    view.signIn = withCode(now);
    if (role) view.sessions = [aSession(role, now, { phase: "requesting", leaseEnd: null, expiration: null })];
  },
  several(view, practice, _roles, now, scene) {
    const acme = ssoSession("acme", { status: "signedIn", signedInAt: now - 50 * MINUTE, identity: "dana@acme.example", colour: "teal", keepSignedIn: true });
    const gov = ssoSession("acme-gov", { region: "us-gov-west-1", colour: "violet", status: "lapsed", way: "deviceCode" });
    const roles = [...someRoles("acme", 24, now), ...someRoles("acme-gov", 12, now).map((role) => ({ ...role, favourite: false }))];
    acme.catalog = { ...acme.catalog, accounts: 9, roles: 24, syncedAt: now - 40_000 };
    gov.catalog = { ...gov.catalog, accounts: 5, roles: 12, syncedAt: now - 26 * 60 * MINUTE };
    practice.colour = "orange";
    scene.roles = [...scene.roles, ...roles];
    view.ssoSessions = [practice, acme, gov, ssoSession("globex", { region: "us-east-1", status: "restoring", keepSignedIn: true })];
    const mine = roles[0];
    if (mine) view.sessions = [aSession(mine, now, { session: "s-acme0000" }), ...view.sessions];
    view.settings = someSettings({
      ssoSessions: [
        someSsoSettings("acme", { colour: "teal", keepSignedIn: true }),
        someSsoSettings("acme-gov", { colour: "violet", way: "deviceCode" }),
        someSsoSettings("practice", { colour: "orange" }),
        someSsoSettings("globex", { keepSignedIn: true }),
      ],
      accounts: [{ pattern: "data-*", environment: null, colour: "pink", duration: null, region: null }],
      favourites: favouritesOf(scene.roles),
    });
  },
  keyring(view, practice) {
    Object.assign(practice, { keepSignedIn: true, keyring: keyringLocked });
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
  },
  "keyring-absent"(view, practice) {
    Object.assign(practice, { keepSignedIn: true, keyring: keyringAbsent });
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
  },
  /** Signed out, because at the start the keyring was locked. */
  "keyring-signed-out"(view, practice) {
    Object.assign(practice, { status: "signedOut", signedInAt: null, identity: null, keepSignedIn: true, keyring: keyringLocked });
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
    view.sessions = [];
  },
  "not-taken-up"(view, practice) {
    Object.assign(practice, { status: "signedOut", signedInAt: null, identity: null, keepSignedIn: true, keyring: { ...nameNotFound, fact: `the sign-in that the keyring keeps was not taken up: ${nameNotFound.fact}` } });
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
    view.sessions = [];
  },
  /** Signed out with the keyring locked. */
  "keyring-holds"(view, practice) {
    Object.assign(practice, { status: "signedOut", signedInAt: null, identity: null, keepSignedIn: true, keyring: keyringHolds });
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
    view.sessions = [];
  },
  kept(view, practice) {
    practice.keepSignedIn = true;
    view.settings.ssoSessions = [someSsoSettings("practice", { keepSignedIn: true })];
  },
  "practice-ended"(view, practice) {
    Object.assign(practice, { name: "acme", source: "config" });
    view.notice = { ssoSession: null, failure: practiceEnded };
  },
  "settings-unwritable"(view) {
    view.standing = [settingsUnwritable];
  },
  "proxy-auth"(view, practice) {
    view.notice = { ssoSession: practice.name, failure: proxyAuth };
  },
  standing(view) {
    view.standing = [settingsInvalid, clockOff];
  },
  settings(view) {
    if (view.desktop) view.desktop.show = { count: 1, what: { kind: "settings" } };
    view.ssoSessions.push(ssoSession("initech", { source: "typed", startUrl: "https://initech.awsapps.com/start", region: "eu-central-1", colour: "pink" }));
    view.settings = someSettings({
      ssoSessions: [
        someSsoSettings("initech", { colour: "pink", place: { startUrl: "https://initech.awsapps.com/start", region: "eu-central-1" } }),
      ],
      terminal: "kitty --single-instance %s",
      duration: 5400,
      region: "eu-central-1",
      accounts: [
        { pattern: "*-prod", environment: "production", colour: "red", duration: 1800, region: null },
        { pattern: "sandbox-*", environment: "sandbox", colour: null, duration: 28_800, region: "eu-west-1" },
        { pattern: "no-such-*", environment: null, colour: "violet", duration: null, region: null },
      ],
      favourites: view.settings.favourites,
    });
  },
  changes(_view, practice) {
    const came = ["checkout-prod", "ledger-staging", "search-dev"].map((accountName, i) => ({
      came: true, account: `30000000000${i}`, accountName, role: i === 0 ? "DatabaseAdministrator" : "ReadOnlyAccess",
    }));
    const went = { came: false, account: "777788889999", accountName: "sandbox-dana", role: "BillingViewer" };
    practice.catalog.changes = { came: 3, went: 1, some: [...came, went] };
  },
  "changes-many"(_view, practice, roles) {
    const some = roles.slice(20, 40).map(({ account, accountName, role }) => ({ came: true, account, accountName, role }));
    practice.catalog.changes = { came: 84, went: 12, some };
  },
  ended(view, _practice, roles, now) {
    const why = ["ended", "signedOut", "screenLock"] as const;
    view.sessions = view.sessions.map((session, i) => ({
      ...session,
      phase: "ended",
      ended: { at: now - 1000, why: why[i] ?? "ended", wipedPages: 3, awsAcceptsUntil: session.reason ? null : now + 22 * MINUTE, clientsTold: i, keyIdEnd: "7Q2X" },
    }));
    view.endpoint = { listening: false, clients: 0 };
    const role = roles[0];
    if (role) view.sessions.push(aSession(role, now, { phase: "requesting", leaseEnd: null, expiration: null }));
  },
  chained(view, _practice, roles, now) {
    const role = roles[3];
    const path = [{ role: "arn:aws:iam::444455556666:role/teams/Scoped", externalId: null }];
    if (role) view.sessions = [aSession(role, now, { session: "s-chained", path }), ...view.sessions.slice(2)];
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
  /** The footer has the most to say then. */
  minimised(view, practice, roles, now, scene) {
    CHANGES.degraded?.(view, practice, roles, now, scene);
    if (view.desktop) Object.assign(view.desktop, { tray: false, minimised: true, withoutNotifier: true });
  },
  found(_view, _practice, _roles, _now, scene) {
    scene.finds = true;
  },
  /** For looking at what ten leases cost. */
  busy(view, _practice, roles, now) {
    view.sessions = roles.slice(0, 10).map((role, i) => aSession(role, now, { session: `s-busy${i}`, leaseEnd: now + (50 - i) * MINUTE - i * 700 }));
  },
  notices(view, practice, roles) {
    const [first] = view.sessions;
    practice.status = "lapsed";
    if (!first || !view.desktop) return;
    view.desktop.tray = false;
    view.desktop.withoutNotifier = true;
    view.desktop.notifications = [
      {
        id: "sign-in-practice", title: "Your sign-in to practice has lapsed", body: "Sign in to renew 2 leases.", urgent: true,
        about: { kind: "ssoSession", ssoSession: "practice" }, buttons: ["signIn", "open"],
      },
      {
        id: `lease-${first.session}`, title: `${first.role} in ${first.accountName} ends in 5 min`,
        body: "The lease ends at 12:04. Renew gives it 1 h from now.", urgent: false,
        about: { kind: "session", session: first.session }, buttons: ["renew", "end", "open"],
      },
      {
        id: "ended", title: "3 leases ended while the machine slept", urgent: false, about: { kind: "everything" }, buttons: ["open"],
        body: `${roles.slice(4, 7).map((role) => `${role.role} in ${role.accountName}`).join(", ")}: 7 pages wiped from memory. The lease ran out. AWS accepts what was issued until 12:40.`,
      },
      {
        id: "lease-s-hostile", title: "Billing in <b>bold</b> & <a href=x>linked</a> ended", body: "Ended 09:12, nothing was held in memory. The screen was locked.",
        urgent: false, about: { kind: "everything" }, buttons: ["open"],
      },
    ];
  },
  /** Names as hostile as AWS lets them be, and more so. */
  hostile(view, practice, roles, now, scene) {
    const accounts = [...new Set(roles.map(({ account }) => account))];
    const named = <T extends { readonly account: string; readonly accountName: string }>(one: T): T =>
      ({ ...one, accountName: HOSTILE[accounts.indexOf(one.account)] ?? one.accountName });
    scene.roles = roles.map(named);
    view.sessions = scene.roles.slice(0, 12).map((role, i) => aSession(role, now, { session: `s-hostile${i}`, reason: HOSTILE[i] ?? null }));
    practice.identity = "dana\u202emoc.elpmaxe@";
    practice.catalog.changes = { came: 1, went: 0, some: roles.slice(0, 1).map(named).map((role) => ({ ...role, came: true })) };
  },
  activity(view) {
    showActivity(view);
  },
  "activity-damaged"(view, _practice, _roles, _now, scene) {
    showActivity(view);
    scene.logIsDamaged = true;
  },
  "activity-empty"(view, _practice, _roles, _now, scene) {
    showActivity(view);
    scene.log = [];
  },
  last(view, _practice, _roles, now) {
    view.sessions = view.sessions.map((session) => (session.phase === "active" ? { ...session, phase: "expiring", leaseEnd: now + 62_000 } : session));
  },
};

/** What the practice organisation calls accounts when it is hostile. */
export const HOSTILE: readonly string[] = [
  "invoice-\u202edorp\u202c",
  "\u2066prod\u2069\u200b\ufeff",
  "<img src=x onerror=alert(document.domain)>",
  "\u001b[31mred\u001b[0m \u001b]0;title\u0007",
  "prod\n[profile default]\r\ncredential_process = /tmp/owned",
  "{{constructor.constructor('alert(1)')()}} ${IFS}",
  "   ",
  "payments-\u2028prod\u00ad\u{e0041}",
];

function showActivity(view: View): void {
  if (view.desktop) view.desktop.show = { count: 1, what: { kind: "activity" } };
}

/** Every scene there is. */
export const SCENES: readonly string[] = ["main", "empty", "many", "disconnected", ...Object.keys(WELCOME), ...Object.keys(CHANGES)];
