// Which SSO session the sign-in form speaks of, and what it asks for.
import type { Intent } from "../ipc/bindings/Intent";
import type { SignInTarget } from "../ipc/bindings/SignInTarget";
import type { SsoSessionView } from "../ipc/bindings/SsoSessionView";
import type { View } from "../ipc/bindings/View";
import { clockTime } from "./format";

export interface Fields {
  readonly startUrl: string;
  readonly region: string;
}

/** What the form begins with: a practice organisation that already runs, else the first session known. */
export function preselected(sessions: readonly SsoSessionView[]): SsoSessionView | null {
  const open = sessions.filter((session) => session.status !== "signedIn");
  return open.find((session) => session.source === "practice") ?? open[0] ?? null;
}

/** The known session these fields name, if any. */
export function known(sessions: readonly SsoSessionView[], fields: Fields): SsoSessionView | null {
  const url = fields.startUrl.trim();
  const region = fields.region.trim();
  return sessions.find((session) => session.startUrl === url && session.region === region) ?? null;
}

export function targetOf(sessions: readonly SsoSessionView[], fields: Fields): SignInTarget {
  const session = known(sessions, fields);
  if (session) return { kind: "named", ssoSession: session.name };
  return { kind: "typed", startUrl: fields.startUrl.trim(), region: fields.region.trim() };
}

/** First run: nobody is signed in or being so, and there is neither a list nor a session to show. */
export function isFirstRun(view: View): boolean {
  return (
    view.sessions.length === 0 &&
    view.ssoSessions.every(({ status, catalog }) => status !== "signedIn" && status !== "restoring" && catalog.roles === 0)
  );
}

/** The SSO session the header speaks of: signed in last, else one with a list. */
export function foremost(sessions: readonly SsoSessionView[]): SsoSessionView | null {
  const signedIn = sessions
    .filter((session) => session.status === "signedIn")
    .toSorted((a, b) => (b.signedInAt ?? 0) - (a.signedInAt ?? 0));
  const held = sessions.find((session) => session.catalog.roles > 0) ?? sessions.find((session) => session.status === "restoring");
  return signedIn[0] ?? held ?? sessions[0] ?? null;
}

/** Those signed in to since the view before; none at the first. */
export function signedInAnew(before: View | null, after: View): SsoSessionView[] {
  if (before === null) return [];
  const known = new Set(before.ssoSessions.filter(({ status }) => status === "signedIn").map(({ name }) => name));
  return after.ssoSessions.filter(({ name, status }) => status === "signedIn" && !known.has(name));
}

/** How a sign-in stands, in words. */
export function statusOf({ status, signedInAt }: SsoSessionView, now: number): string {
  switch (status) {
    case "signedIn":
      return signedInAt === null ? "signed in" : `signed in since ${clockTime(signedInAt, now)}`;
    case "restoring":
      return "being signed in";
    case "lapsed":
      return "sign-in lapsed";
    case "signedOut":
      return "signed out";
  }
}

/** Whether a refresh token of it rests in the system keyring. */
export const isKept = ({ keepSignedIn, keyring, status }: SsoSessionView): boolean =>
  keepSignedIn && keyring === null && status !== "signedOut";

/** Says once more what is set of keeping it: the agent does what it could not. */
export const keepAgain = ({ name, keepSignedIn }: SsoSessionView): Intent => ({ kind: "keepSignedIn", ssoSession: name, on: keepSignedIn });

/** The same inside a sentence. */
export const placeOf = (session: SsoSessionView): string =>
  session.source === "practice" ? "the practice organisation" : session.name;

export const nameOf = (session: SsoSessionView): string =>
  session.source === "practice" ? "Practice organisation" : session.name;
