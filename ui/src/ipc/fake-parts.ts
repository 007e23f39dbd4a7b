// What the fake agent's scenes are made of: sentences, SSO sessions, leases, settings.
import type { Answer } from "./bindings/Answer";
import type { Code } from "./bindings/Code";
import type { Failure } from "./bindings/Failure";
import type { RoleEntry } from "./bindings/RoleEntry";
import type { SessionView } from "./bindings/SessionView";
import type { Settings } from "./bindings/Settings";
import type { SignInView } from "./bindings/SignInView";
import type { SsoSettings } from "./bindings/SsoSettings";
import type { SsoSessionView } from "./bindings/SsoSessionView";
import { WHOLE_ROLE } from "../lib/scope";

export const MINUTE = 60_000;
export const NOTHING: Answer = {
  session: null, attempt: null, url: null, open: [], options: null, preview: null, limits: [], brought: null, protection: null, selfCheck: null, endAtAws: null,
  remains: null, log: null, verdict: null, saved: null,
};
const PRACTICE_URL = "http://127.0.0.1:41733/start";

export const unreachable = fail("unreachable", "AWS cannot be reached", "Check the network, the VPN and the proxy, then try again.", "retry");
export const stillWaiting = fail("stillWaiting", "the browser has not come back yet", "If it shows an error, check the start URL and the Region.", "edit");
export const badChain = fail("badChainedRole", "a chained role is not named as an ARN", "Write it like arn:aws:iam::{account}:role/Name.", null);
export const notAssigned = fail("roleNotAssigned", "this role is no longer assigned to you", "Sync the list, or ask your administrator for the assignment.", "sync");
export const refusedInBrowser = fail("signInRefused", "the sign-in was refused in the browser", "Try again, and choose Allow.", "retry");
export const codeExpired = fail("deviceCodeExpired", "the device code has expired", "Try again; a code is good for about 10 minutes.", "retry");
export const signInBusy = fail("signInBusy", "another sign-in is under way", "Finish it in the browser, or cancel it.", null);
export const noSignIn = fail("noSignIn", "no sign-in is under way", "Start one with Sign in.", "signIn");
export const notSignedIn = fail("notSignedIn", "you are not signed in", "Sign in first.", "signIn");
export const unknownRole = fail("unknownRole", "this role is not in the list", "Sync the list, or ask your administrator for the assignment.", "sync");
export const notLive = fail("sessionNotLive", "this session is not live", "Request it again.", "retry");
export const unknownSso = fail("unknownSsoSession", "no SSO session has this name", "Run `daypass status` to see those there are, or sign in with a start URL.", null);
export const tooShort = fail("durationTooShort", "a lease lasts at least 1 min", "Ask for 1 min or more.", null);
export const tooLong = fail("durationTooLong", "a lease lasts at most 12 h", "Shorten to 12 h.", null);
export const notHttps = fail("startUrlNotHttps", "the start URL does not begin with https://", "Type the whole address, https:// included.", "edit");
export const badRegion = fail("badRegion", "that is not a Region", "Type the Region where IAM Identity Center lives, like eu-west-1.", "edit");
export const badPattern = fail("badPattern", "a pattern for accounts is empty, too long or has odd characters", "Write a name or an id; * stands for anything.", null);
export const badCommand = fail("badCommand", "a command is empty, too long or has odd characters", "Write it as in a shell, on one line.", null);
export const ssoTwice = fail("ssoSessionTwice", "two SSO sessions have the same name", "Give one of them another name.", null);
export const ssoInUse = fail("ssoSessionInUse", "this SSO session is signed in to", "Sign out of it first.", null);
export const settingsInvalid = fail("settingsInvalid", "settings.toml has a mistake, and the settings before it are still used", "Correct it; ~/.local/state/daypass/agent.log names the line.", "settings");
export const clockOff = fail("clockOff", "this computer's clock is more than 2 minutes off AWS's", "Daypass reckons with the difference, other programs may fail: set the clock (timedatectl set-ntp true), then choose Sync.", "sync");
export const settingsUnwritable = fail("settingsUnwritable", "the settings could not be written", "Make room on the disk, or make the folder ~/.config/daypass writable, then try again.", "retry");
export const proxyAuth = fail("proxyAuth", "the proxy asks for a user name and password", "Put them into HTTPS_PROXY (http://USER:PASSWORD@HOST:PORT), then start Daypass again.", "quit");
export const practiceEnded = fail("practiceEnded", "the practice organisation has stopped", "Start another one; its leases are over.", "retry");
export const keyringLocked = fail("keyringLocked", "the system keyring is locked", "Unlock it, then choose Keep me signed in again.", "keep");
export const keyringAbsent = fail("keyringAbsent", "no system keyring answers", "Without one a sign-in lasts until Daypass quits. Install and start one (gnome-keyring or KWallet), then choose Keep me signed in again.", "keep");
export const keyringHolds = fail("keyringStillHolds", "the system keyring may still hold a sign-in that it was to drop", "Unlock it, or start it, then choose Take it out.", "forget");
export const nameNotFound = fail("nameNotFound", "the name of AWS's server cannot be looked up", "Check the network and the VPN; a wrong Region looks like this too.", "retry");

export function fail(code: Code, fact: string, advice: string, action: Failure["action"]): Failure {
  return { code, fact, advice, action };
}

export function someSettings(change: Partial<Settings> = {}): Settings {
  return {
    ssoSessions: [],
    terminal: null,
    browser: null,
    duration: 3600,
    region: null,
    accounts: [],
    favourites: [],
    chainedRoles: [],
    chainedCredentials: 1800,
    organisationFile: null,
    clearing: { sleep: true, userSwitch: true, screenLock: "afterFiveMinutes", idle: null },
    notifications: { before15Minutes: true, before5Minutes: true, before1Minute: true, atEnd: true, trouble: true, quiet: null },
    startAtLogin: false,
    prompt: true,
    memory: "locked",
    ...change,
  };
}

export function someSsoSettings(name: string, change: Partial<SsoSettings> = {}): SsoSettings {
  return { name, place: null, colour: null, keepSignedIn: false, way: "browser", ...change };
}

export const partitionOf = (region: string): string =>
  region.startsWith("us-gov-") ? "aws-us-gov" : region.startsWith("cn-") ? "aws-cn" : region.startsWith("eusc-") ? "aws-eusc" : "aws";

export function ssoSession(name: string, change: Partial<SsoSessionView> = {}): SsoSessionView {
  return {
    name,
    startUrl: name === "practice" ? PRACTICE_URL : `https://${name}.awsapps.com/start`,
    region: "eu-west-1",
    source: name === "practice" ? "practice" : "config",
    status: "signedOut",
    signedInAt: null,
    identity: null,
    colour: null,
    partition: partitionOf(change.region ?? "eu-west-1"),
    way: "browser",
    keepSignedIn: false,
    keyring: null,
    catalog: { accounts: 0, roles: 0, syncedAt: null, progress: null, failedAccounts: 0, failure: null, changes: null },
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
    colour: role.colour,
    region: "eu-west-1",
    reason: null,
    scope: WHOLE_ROLE,
    path: [],
    labels: { sessionName: null, tags: [], sourceIdentity: null },
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

export function signingIn(now: number, change: Partial<SignInView> = {}): SignInView {
  return { ssoSession: "practice", attempt: 1, way: "browser", stage: "browser", device: null, startedAt: now, hint: null, ...change };
}

/** A sign-in that waits for its code to be approved. */
export function withCode(now: number, change: Partial<SignInView> = {}): SignInView {
  return signingIn(now, {
    way: "deviceCode",
    stage: "deviceCode",
    device: { userCode: "WDJB-MJHT", url: "https://device.sso.eu-west-1.amazonaws.com/?user_code=WDJB-MJHT", expiresAt: now + 10 * MINUTE },
    ...change,
  });
}

export function thrown(failure: Failure): never {
  throw failure;
}

/** Whether it wants or has credentials. */
export const holds = (session: SessionView): boolean => session.phase !== "ended" && session.phase !== "failed";
export const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export function renew(session: SessionView): void {
  Object.assign(session, { leaseEnd: Date.now() + session.duration * 1000, phase: "active", failure: null });
}
