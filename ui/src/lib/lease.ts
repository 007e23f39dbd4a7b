// What a session's numbers mean on screen: how urgent, how long it lives, which come first.
import type { EndedView } from "../ipc/bindings/EndedView";
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { SessionRequest } from "../ipc/bindings/SessionRequest";
import type { SessionView } from "../ipc/bindings/SessionView";
import type { Why } from "../ipc/bindings/Why";
import { clockTime, counted } from "./format";
import { WHOLE_ROLE } from "./scope";
import { keyOf } from "./search";

export type Urgency = "fresh" | "warn" | "late" | "dead";

export const QUARTER = 15 * 60_000;
export const SOON = 5 * 60_000;
export const LAST = 60_000;

export function urgencyOf(left: number): Urgency {
  if (left <= 0) return "dead";
  if (left <= LAST) return "late";
  return left <= SOON ? "warn" : "fresh";
}

export const isLive = (session: SessionView): boolean =>
  session.phase === "active" || session.phase === "expiring";

export const isPending = (session: SessionView): boolean => session.phase === "requesting";

/** Milliseconds until we forget; 0 where nothing is held. */
export function leftOf(session: SessionView, now: number): number {
  return isLive(session) && session.leaseEnd !== null ? Math.max(0, session.leaseEnd - now) : 0;
}

/** Live and requested ones first, each newest first, as they came. */
export function inOrder(sessions: readonly SessionView[]): SessionView[] {
  const held = (session: SessionView): boolean => isLive(session) || isPending(session);
  return [...sessions.filter(held), ...sessions.filter((session) => !held(session))];
}

/** The session a role's row speaks of: live before requested before failed, the newest of each. */
export function byRole(sessions: readonly SessionView[]): Map<string, SessionView> {
  const found = new Map<string, SessionView>();
  for (const wanted of [isLive, isPending, (s: SessionView) => s.phase === "failed"]) {
    for (const session of sessions) {
      const key = keyOf(session);
      if (wanted(session) && !found.has(key)) found.set(key, session);
    }
  }
  return found;
}

export const WHY = {
  leaseEnd: "The lease ran out.",
  ended: "You ended it.",
  signedOut: "You signed out.",
  notIssuedAnew: "AWS did not issue its credentials anew.",
  practiceEnded: "The practice organisation stopped.",
  quit: "Daypass was quit.",
  sleep: "The computer went to sleep.",
  userSwitch: "Another user took over the screen.",
  screenLock: "The screen was locked.",
  idle: "Nobody touched keyboard or mouse.",
} as const satisfies Record<Why, string>;

/** "ended 12:04, 3 pages wiped from memory, 2 clients told". */
export function endedLine({ at, wipedPages, clientsTold }: EndedView, now: number): string {
  const wiped = wipedPages > 0 ? `, ${counted(wipedPages, "page")} wiped from memory` : ", nothing was held in memory";
  const told = clientsTold > 0 ? `, ${counted(clientsTold, "client")} told` : "";
  return `ended ${clockTime(at, now)}${wiped}${told}`;
}

/** What AWS itself still accepts, which we can't change. */
export function acceptedLine({ awsAcceptsUntil: until, keyIdEnd }: EndedView, now: number): string {
  if (until === null || until <= now) return "AWS no longer accepts it";
  return `AWS accepts ${keyIdEnd === null ? "what was issued" : `key …${keyIdEnd}`} until ${clockTime(until, now)}`;
}

/** Whether AWS itself accepts something that was issued for it. */
export function isAccepted({ ended, expiration }: SessionView, now: number): boolean {
  const until = ended ? ended.awsAcceptsUntil : expiration;
  return until !== null && until > now;
}

/** What was asked for. */
export function requestBehind({ ssoSession, account, role, duration, region, reason, scope, path, labels }: SessionView): SessionRequest {
  return { role: { ssoSession, account, role }, duration, region, reason, scope, path, labels, fresh: false };
}

/** The usual case: the whole role, for as long as last time. */
export function usualRequest(entry: RoleEntry): SessionRequest {
  const { ssoSession, account, role } = entry;
  return {
    role: { ssoSession, account, role },
    duration: entry.lastDuration ?? entry.defaultDuration,
    region: null,
    reason: null,
    scope: WHOLE_ROLE,
    path: [],
    labels: { sessionName: null, tags: [], sourceIdentity: null },
    fresh: false,
  };
}
