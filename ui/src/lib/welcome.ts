// Which SSO session the sign-in form speaks of, and what it asks for.
import type { SignInTarget } from "../ipc/bindings/SignInTarget";
import type { SsoSessionView } from "../ipc/bindings/SsoSessionView";
import type { View } from "../ipc/bindings/View";

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

/** First run: nobody is signed in and there is neither a list nor a session to show. */
export function isFirstRun(view: View): boolean {
  return (
    view.sessions.length === 0 &&
    view.ssoSessions.every((session) => session.status !== "signedIn" && session.catalog.roles === 0)
  );
}

/** The SSO session the header speaks of: signed in last, else one with a list. */
export function foremost(sessions: readonly SsoSessionView[]): SsoSessionView | null {
  const signedIn = sessions
    .filter((session) => session.status === "signedIn")
    .toSorted((a, b) => (b.signedInAt ?? 0) - (a.signedInAt ?? 0));
  return signedIn[0] ?? sessions.find((session) => session.catalog.roles > 0) ?? sessions[0] ?? null;
}

/** The same inside a sentence. */
export const placeOf = (session: SsoSessionView): string =>
  session.source === "practice" ? "the practice organisation" : session.name;

export const nameOf = (session: SsoSessionView): string =>
  session.source === "practice" ? "Practice organisation" : session.name;
