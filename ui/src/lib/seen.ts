// Names from outside as they arrive: organisations choose them, and nothing in one may hide or turn what stands around it.
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { SsoSessionView } from "../ipc/bindings/SsoSessionView";
import type { View } from "../ipc/bindings/View";
import { visible } from "./format";

/** The role list. Most names stand in it several times, and are looked at once. */
export function seenRoles(entries: readonly RoleEntry[]): RoleEntry[] {
  const known = new Map<string, string>();
  return entries.map((entry) => {
    let name = known.get(entry.accountName);
    if (name === undefined) known.set(entry.accountName, (name = visible(entry.accountName)));
    return name === entry.accountName ? entry : { ...entry, accountName: name };
  });
}

/** A view. What is sent back to the agent, as reasons are, stays as it is. */
export const seenView = (view: View): View => ({
  ...view,
  ssoSessions: view.ssoSessions.map(seenSso),
  sessions: view.sessions.map(seenAccount),
  quick: view.quick.map(seenAccount),
  desktop: view.desktop && {
    ...view.desktop,
    notifications: view.desktop.notifications.map((one) => ({ ...one, title: visible(one.title), body: visible(one.body) })),
  },
});

function seenSso(session: SsoSessionView): SsoSessionView {
  const { identity, catalog } = session;
  const changes = catalog.changes && { ...catalog.changes, some: catalog.changes.some.map(seenAccount) };
  return { ...session, identity: identity && visible(identity), catalog: { ...catalog, changes } };
}

function seenAccount<T extends { readonly accountName: string }>(one: T): T {
  return { ...one, accountName: visible(one.accountName) };
}
