// What a session's numbers mean, what is announced of it, which keys do what, where the sign-in form begins.
import { describe, expect, it } from "vitest";

import { someRoles } from "../src/ipc/fake-roles";
import { aSession, keyringLocked, ssoSession } from "../src/ipc/fake-parts";
import { sceneOf } from "../src/ipc/fake-scenes";
import type { EndedView } from "../src/ipc/bindings/EndedView";
import type { SessionView } from "../src/ipc/bindings/SessionView";
import { commandOf, type Press } from "../src/lib/keys";
import { acceptedLine, byRole, endedLine, inOrder, isAccepted, leftOf, urgencyOf } from "../src/lib/lease";
import { milestones } from "../src/lib/milestones";
import { keyOf } from "../src/lib/search";
import { foremost, isFirstRun, isKept, preselected, targetOf } from "../src/lib/welcome";

const NOW = new Date(2026, 10, 22, 12, 9, 0).getTime();
const [role] = someRoles("acme", 1, NOW);
if (!role) throw new Error("no role");
const session = (change: Partial<SessionView> = {}): SessionView => aSession(role, NOW, change);

describe("a lease", () => {
  it("is amber from 5 minutes, red from 1 minute, grey when over", () => {
    expect([300_001, 300_000, 60_000, 0].map(urgencyOf)).toEqual(["fresh", "warn", "late", "dead"]);
  });

  it("has nothing left unless it is live", () => {
    expect(leftOf(session({ leaseEnd: NOW + 1000 }), NOW)).toBe(1000);
    expect(leftOf(session({ leaseEnd: NOW - 1000 }), NOW)).toBe(0);
    expect(leftOf(session({ phase: "ended", leaseEnd: NOW + 1000 }), NOW)).toBe(0);
  });

  it("stands before ended ones, and speaks for its role", () => {
    const live = session({ session: "live" });
    const ended = session({ session: "ended", phase: "ended" });
    expect(inOrder([ended, live]).map((one) => one.session)).toEqual(["live", "ended"]);
    expect(byRole([ended, session({ session: "failed", phase: "failed" }), live]).get(keyOf(role))?.session).toBe("live");
    expect(byRole([ended]).size).toBe(0);
  });

  it("says what was wiped only where something was, and what AWS still accepts only while it does", () => {
    const ended = (change: Partial<EndedView> = {}): EndedView =>
      ({ at: NOW, why: "ended", wipedPages: 3, awsAcceptsUntil: NOW + 22 * 60_000, clientsTold: 0, keyIdEnd: "7Q2X", ...change });
    expect(endedLine(ended({ clientsTold: 2 }), NOW)).toBe("ended 12:09, 3 pages wiped from memory, 2 clients told");
    expect(endedLine(ended({ wipedPages: 0 }), NOW)).toBe("ended 12:09, nothing was held in memory");
    expect(acceptedLine(ended(), NOW)).toBe("AWS accepts key …7Q2X until 12:31");
    expect(acceptedLine(ended({ keyIdEnd: null }), NOW)).toBe("AWS accepts what was issued until 12:31");
    expect(acceptedLine(ended(), NOW + 23 * 60_000)).toBe("AWS no longer accepts it");
    expect(acceptedLine(ended({ awsAcceptsUntil: null }), NOW)).toBe("AWS no longer accepts it");
  });

  it("can be ended at AWS while AWS accepts something of it", () => {
    expect(isAccepted(session({ expiration: NOW + 1 }), NOW)).toBe(true);
    expect(isAccepted(session({ expiration: NOW }), NOW)).toBe(false);
    expect(isAccepted(session({ expiration: null }), NOW)).toBe(false);
  });
});

describe("milestones", () => {
  const name = "AdministratorAccess in payments-prod";
  const said = (before: Partial<SessionView>, after: Partial<SessionView>): readonly string[] =>
    milestones(milestones(new Map(), [session(before)], NOW).stages, [session(after)], NOW).said;

  it("says nothing of what stood there at first", () => {
    expect(milestones(null, [session()], NOW).said).toEqual([]);
  });

  it("tells of active, 15 minutes, 5 minutes, 1 minute and the end, each once", () => {
    expect(said({ phase: "requesting", leaseEnd: null }, {})).toEqual([`${name} is active for 1 h.`]);
    expect(said({}, { leaseEnd: NOW + 899_000 })).toEqual([`${name} ends in 15 minutes.`]);
    expect(said({ leaseEnd: NOW + 899_000 }, { leaseEnd: NOW + 299_000 })).toEqual([`${name} ends in 5 minutes.`]);
    expect(said({ leaseEnd: NOW + 299_000 }, { leaseEnd: NOW + 298_000 })).toEqual([]);
    expect(said({ leaseEnd: NOW + 299_000 }, { leaseEnd: NOW + 59_000 })).toEqual([`${name} ends in 1 minute.`]);
    expect(said({ leaseEnd: NOW + 59_000 }, { phase: "ended" })).toEqual([`${name} has ended.`]);
    expect(said({ leaseEnd: NOW + 59_000 }, {})).toEqual([`${name} is renewed for 1 h.`]);
    expect(said({ phase: "requesting", leaseEnd: null }, { duration: 900, leaseEnd: NOW + 900_000 })).toEqual([`${name} is active for 15 min.`]);
  });
});

describe("keys", () => {
  const press = (key: string, change: Partial<Press> = {}): Press => ({
    key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...change,
  });

  it("tells Enter, Ctrl Enter and Shift Enter apart", () => {
    expect(commandOf(press("Enter"), true)).toBe("console");
    expect(commandOf(press("Enter", { ctrlKey: true }), true)).toBe("terminal");
    expect(commandOf(press("Enter", { shiftKey: true }), true)).toBe("request");
  });

  it("leaves letters to a text field", () => {
    expect(commandOf(press("f"), false)).toBe("favourite");
    expect(commandOf(press("f"), true)).toBeNull();
    expect(commandOf(press("/"), true)).toBeNull();
    expect(commandOf(press("?", { shiftKey: true }), false)).toBe("shortcuts");
  });

  it("opens the switcher and copies from anywhere", () => {
    expect(commandOf(press("k", { ctrlKey: true }), true)).toBe("switcher");
    expect(commandOf(press("ç", { altKey: true, code: "KeyC" }), true)).toBe("copy");
    expect(commandOf(press("c", { ctrlKey: true }), false)).toBeNull();
  });
});

describe("the sign-in form", () => {
  const acme = ssoSession("acme");
  const practice = ssoSession("practice");

  it("begins with a practice organisation that runs, else with the first session known", () => {
    expect(preselected([acme, practice])?.name).toBe("practice");
    expect(preselected([acme])?.name).toBe("acme");
    expect(preselected([])).toBeNull();
  });

  it("names what is known and types what is not", () => {
    expect(targetOf([acme], { startUrl: ` ${acme.startUrl} `, region: acme.region })).toEqual({ kind: "named", ssoSession: "acme" });
    expect(targetOf([acme], { startUrl: acme.startUrl, region: "us-east-1" })).toEqual({ kind: "typed", startUrl: acme.startUrl, region: "us-east-1" });
  });

  it("is shown on first run only", () => {
    expect(isFirstRun(sceneOf("welcome", NOW).view)).toBe(true);
    expect(isFirstRun(sceneOf("lapsed", NOW).view)).toBe(false);
    expect(isFirstRun(sceneOf("empty", NOW).view)).toBe(false);
    expect(isFirstRun(sceneOf("restoring", NOW).view)).toBe(false);
  });

  it("says that a refresh token is kept only where one can be", () => {
    expect(isKept(ssoSession("a", { keepSignedIn: true, status: "signedIn" }))).toBe(true);
    expect(isKept(ssoSession("a", { keepSignedIn: true }))).toBe(false);
    expect(isKept(ssoSession("a", { keepSignedIn: true, status: "signedIn", keyring: keyringLocked }))).toBe(false);
  });

  it("speaks of the session signed in last", () => {
    const older = ssoSession("older", { status: "signedIn", signedInAt: 1 });
    const newer = ssoSession("newer", { status: "signedIn", signedInAt: 2 });
    expect(foremost([acme, older, newer])?.name).toBe("newer");
  });
});
