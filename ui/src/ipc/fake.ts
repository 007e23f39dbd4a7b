// The agent's behaviour in an ordinary browser, for looking at the page and for its tests. Knows no AWS.
import type { Agent } from "./agent";
import type { Answer } from "./bindings/Answer";
import type { Environment } from "./bindings/Environment";
import type { Intent } from "./bindings/Intent";
import type { SessionRequest } from "./bindings/SessionRequest";
import type { SessionView } from "./bindings/SessionView";
import type { Settings } from "./bindings/Settings";
import type { SignInTarget } from "./bindings/SignInTarget";
import type { SsoSessionView } from "./bindings/SsoSessionView";
import type { View } from "./bindings/View";
import type { Wish } from "./bindings/Wish";
import type { Way } from "./bindings/Way";
import type { Why } from "./bindings/Why";
import {
  NOTHING, aSession, holds, later, noSignIn, notLive, notSignedIn, renew, signInBusy, signingIn, ssoInUse, ssoSession,
  thrown, unknownRole, unknownSso, withCode,
} from "./fake-parts";
import { logged } from "./fake-log";
import { someRoles } from "./fake-roles";
import { looked } from "./fake-protection";
import { sceneOf, type Scene } from "./fake-scenes";
import { CONSOLES, endAtAws, receiptOf } from "./fake-receipts";
import { passOf, passesAfter, refusedOf, scoped, type Told } from "./fake-scopes";
import { dressed, dressedCards, moved, noted, placed, refusalOf, starred, takenUp } from "./fake-settings";
import { keyOf } from "../lib/search";
import { withSso } from "../lib/settings";

const ISSUED = 300;
/** How long the fake person takes to approve a device code. */
const APPROVED = 6000;

export interface FakeAgent extends Agent {
  /** What was asked, in order. For tests. */
  readonly asked: readonly Intent[];
  /** What was wished, in order. For tests. */
  readonly wished: readonly Wish[];
  /** What previews are to say, and forms to offer, from now on. For tests. */
  says(preview: Told["preview"]): void;
  offers(options: Told["options"]): void;
  /** Changes the view by hand and publishes it. For tests. */
  change(change: (view: View) => void): void;
}

export function fakeAgent(query: URLSearchParams): FakeAgent {
  const scene = sceneOf(query.get("state") ?? "main", Date.now());
  const world = new World(scene);
  return {
    asked: world.asked,
    wished: world.wished,
    says: (preview) => void (world.told.preview = preview),
    offers: (options) => void (world.told.options = options),
    change: (change) => world.change(change),
    watch: (onView) => Promise.resolve(world.watch(onView)),
    async ask(intent) {
      world.asked.push(intent);
      await later(10);
      return world.ask(intent);
    },
    async wish(wish) {
      world.wished.push(wish);
      if (wish.kind === "dismiss") world.change(({ desktop }) => {
        if (desktop) desktop.notifications = desktop.notifications.filter(({ id }) => id !== wish.id);
      });
    },
    async catalog() {
      await later(10);
      return structuredClone(world.scene.roles);
    },
  };
}

class World {
  readonly scene: Scene;
  readonly asked: Intent[] = [];
  readonly wished: Wish[] = [];
  readonly told: Told = { preview: {}, options: {} };
  #onView: (view: View | null) => void = () => undefined;
  #next = 1;
  #attempt: number;
  /** What accounts' names say they are for. */
  readonly #environments: Map<string, Environment | null>;

  constructor(scene: Scene) {
    this.scene = scene;
    this.#attempt = scene.view.signIn?.attempt ?? 0;
    this.#environments = new Map(scene.roles.map((role) => [role.accountName, role.environment]));
    this.#dress();
  }

  watch(onView: (view: View | null) => void): void {
    this.#onView = onView;
    this.#publish();
    if (this.scene.gone) setTimeout(() => onView(null), 50);
    setInterval(() => this.#endLeases(), 250);
  }

  change(change: (view: View) => void): void {
    change(this.scene.view);
    this.#publish();
  }

  ask(intent: Intent): Answer {
    const { view } = this.scene;
    switch (intent.kind) {
      case "practice":
        if (!view.ssoSessions.some((session) => session.source === "practice")) view.ssoSessions.push(ssoSession("practice"));
        break;
      case "signIn":
        return this.#signIn(intent.target, intent.way, intent.keep);
      case "signInUrl":
        if (!view.signIn || view.signIn.stage === "starting") throw noSignIn;
        break;
      case "cancelSignIn":
        this.#attempt += 1;
        view.signIn = null;
        break;
      case "signOut":
        this.#signOut(intent.ssoSession);
        this.#publish();
        return { ...NOTHING, remains: CONSOLES };
      case "endAtAws":
        return { ...NOTHING, endAtAws: endAtAws(view.sessions.find(({ session }) => session === intent.session)) };
      case "sync":
        this.#sync(intent.ssoSession);
        break;
      case "request":
        return this.#request(intent.request);
      case "options":
      case "preview":
      case "brought":
      case "limits":
        return { ...NOTHING, ...scoped(intent, this.told) };
      case "savePass":
      case "removePass":
        view.passes = passesAfter(view.passes, intent);
        break;
      case "takePass":
        return this.#request(passOf(view.passes, intent.name).request);
      case "renew":
        renew(this.#live(intent.session));
        break;
      case "end":
        this.#end(this.#live(intent.session), "ended");
        break;
      case "endAll":
        view.sessions.filter(holds).forEach((session) => this.#end(session, "ended"));
        break;
      case "dismiss":
        view.sessions = view.sessions.filter(({ session }) => session !== intent.session);
        break;
      case "console":
      case "terminal":
        this.#live(intent.session);
        break;
      case "keepSignedIn":
        this.#keep(intent.ssoSession, intent.on);
        break;
      case "configure":
        this.#configure(intent.settings);
        break;
      case "seenChanges":
        this.#sso(intent.ssoSession).catalog.changes = null;
        break;
      case "favourite":
        view.settings.favourites = starred(view.settings.favourites, intent.role, intent.on);
        this.scene.roles = this.scene.roles.map((role) => (keyOf(role) === keyOf(intent.role) ? { ...role, favourite: intent.on } : role));
        view.catalogRevision += 1;
        break;
      case "dismissNotice":
        view.notice = null;
        break;
      case "protection":
      case "selfCheck":
        return { ...NOTHING, ...looked(intent.kind, this.scene) };
      case "log":
      case "verifyLog":
      case "exportLog":
        return { ...NOTHING, ...logged(this.scene, intent) };
      case "quit":
        this.#onView(null);
        return NOTHING;
    }
    this.#publish();
    return NOTHING;
  }

  #publish(): void {
    this.scene.view.now = Date.now();
    this.#onView(structuredClone(this.scene.view));
  }

  #signIn(target: SignInTarget, wanted: Way | null, keep: boolean | null): Answer {
    const { view } = this.scene;
    const name = target.kind === "named" ? this.#sso(target.ssoSession).name : noted(view, target);
    if (view.signIn) {
      if (view.signIn.ssoSession === name) return { ...NOTHING, attempt: view.signIn.attempt };
      throw signInBusy;
    }
    if (keep !== null) this.#keep(name, keep);
    const session = this.#sso(name);
    const way = wanted ?? session.way;
    this.#attempt += 1;
    const attempt = this.#attempt;
    view.notice = null;
    view.signIn = signingIn(Date.now(), { ssoSession: name, attempt, way, stage: "starting" });
    this.#publish();
    void this.#goOn(name, attempt, way);
    return { ...NOTHING, attempt };
  }

  async #goOn(name: string, attempt: number, way: Way): Promise<void> {
    const { view } = this.scene;
    await later(250);
    if (this.#attempt !== attempt || !view.signIn) return;
    view.signIn = way === "browser"
      ? { ...view.signIn, stage: "browser" }
      : withCode(Date.now(), { ssoSession: name, attempt, startedAt: view.signIn.startedAt });
    this.#publish();
    await later(way === "browser" ? 900 : APPROVED);
    if (this.#attempt !== attempt) return;
    view.signIn = null;
    this.#signedIn(name);
  }

  #signedIn(name: string): void {
    Object.assign(this.#sso(name), { status: "signedIn", signedInAt: Date.now() });
    for (const waiting of this.scene.view.sessions.filter(({ phase, ssoSession: of }) => phase === "requesting" && of === name)) void this.#issue(waiting);
    this.#sync(name);
    this.#publish();
  }

  #keep(name: string, on: boolean): void {
    this.#configure(withSso(this.scene.view.settings, name, { keepSignedIn: on }));
    if (takenUp(this.#sso(name), on)) void later(250).then(() => this.#signedIn(name));
  }

  #configure(settings: Settings): void {
    const { view } = this.scene;
    const refusal = refusalOf(settings);
    if (refusal) throw refusal;
    const gone = moved(view.settings, settings);
    if (gone.some((name) => view.ssoSessions.find((session) => session.name === name)?.status !== "signedOut")) throw ssoInUse;
    view.settings = { ...structuredClone(settings), favourites: view.settings.favourites };
    view.ssoSessions = placed(view.ssoSessions, gone, view.settings);
    this.#dress();
    view.catalogRevision += 1;
  }

  #dress(): void {
    const { view } = this.scene;
    this.scene.roles = dressed(this.scene.roles, view.settings, this.#environments);
    view.sessions = dressedCards(view.sessions, this.scene.roles);
  }

  #signOut(name: string): void {
    const session = this.#sso(name);
    if (session.status === "signedOut") throw notSignedIn;
    Object.assign(session, { keyring: null, status: "signedOut", signedInAt: null, identity: null });
    this.scene.view.sessions.filter((held) => holds(held) && held.ssoSession === name).forEach((held) => this.#end(held, "signedOut"));
  }

  #sync(name: string): void {
    if (this.#sso(name).status !== "signedIn") throw notSignedIn;
    const { view } = this.scene;
    const others = this.scene.roles.filter((role) => role.ssoSession !== name);
    const known = this.scene.roles.filter((role) => role.ssoSession === name);
    const all = known.length > 0 ? known : dressed(someRoles(name, 214, Date.now()), view.settings, new Map());
    for (const role of all) this.#environments.set(role.accountName, role.environment);
    const total = new Set(all.map((role) => role.account)).size;
    const step = (done: number): void => {
      const session = view.ssoSessions.find((one) => one.name === name);
      if (!session) return;
      const over = done >= total;
      const shown = over || known.length > 0 ? all : all.slice(0, Math.ceil((all.length * done) / total));
      if (known.length === 0) this.scene.roles = [...others, ...shown];
      session.catalog = {
        ...session.catalog, accounts: total, roles: shown.length, failedAccounts: 0, failure: null,
        syncedAt: over ? Date.now() : session.catalog.syncedAt, progress: over ? null : { done, total },
      };
      view.catalogRevision += 1;
      this.#publish();
      if (!over) setTimeout(() => step(Math.min(total, done + 9)), 120);
    };
    step(0);
  }

  #request(request: SessionRequest): Answer {
    const { view } = this.scene;
    const refused = refusedOf(request);
    if (refused) throw refused;
    const role = this.scene.roles.find((entry) => keyOf(entry) === keyOf(request.role));
    if (!role) throw unknownRole;
    const same = view.sessions.find((session) => holds(session) && keyOf(session) === keyOf(role));
    if (same && !request.fresh) return { ...NOTHING, session: same.session };
    const session = aSession(role, Date.now(), {
      session: `s-${String(this.#next).padStart(4, "0")}`,
      phase: "requesting", leaseEnd: null, expiration: null, requestedAt: Date.now(),
      duration: request.duration, reason: request.reason, scope: request.scope, path: request.path, labels: request.labels,
      region: request.region ?? role.defaultRegion ?? this.#sso(role.ssoSession).region,
    });
    this.#next += 1;
    view.sessions = [session, ...view.sessions];
    view.today.requested += 1;
    const sso = this.#sso(role.ssoSession);
    if (sso.status === "signedIn") void this.#issue(session);
    else if (!view.signIn && sso.status !== "restoring") this.#signIn({ kind: "named", ssoSession: sso.name }, null, null);
    this.#publish();
    return { ...NOTHING, session: session.session };
  }

  async #issue(session: SessionView): Promise<void> {
    await later(ISSUED);
    if (session.phase !== "requesting") return;
    const now = Date.now();
    Object.assign(session, {
      phase: session.duration > 300 ? "active" : "expiring",
      leaseEnd: now + session.duration * 1000,
      expiration: now + 3_600_000,
    });
    this.#sso(session.ssoSession).identity = "dana@example.com";
    this.scene.roles = this.scene.roles.map((role) =>
      keyOf(role) === keyOf(session) ? { ...role, lastUsed: now, warmth: now, lastDuration: session.duration, longest: role.longest ?? 3600 } : role);
    this.scene.view.catalogRevision += 1;
    this.scene.view.endpoint = { listening: true, clients: 0 };
    this.#publish();
  }

  #end(session: SessionView, why: Why): void {
    Object.assign(session, { phase: "ended", ended: receiptOf(session, why) });
    this.scene.view.today.ended += 1;
    if (!this.scene.view.sessions.some(holds)) this.scene.view.endpoint = { listening: false, clients: 0 };
  }

  #endLeases(): void {
    const over = this.scene.view.sessions.filter((session) => holds(session) && session.leaseEnd !== null && session.leaseEnd <= Date.now());
    if (over.length === 0 || this.scene.gone) return;
    over.forEach((session) => this.#end(session, "leaseEnd"));
    this.#publish();
  }

  #live(id: string): SessionView {
    return this.scene.view.sessions.find((one) => one.session === id && holds(one)) ?? thrown(notLive);
  }

  #sso(name: string): SsoSessionView {
    return this.scene.view.ssoSessions.find((one) => one.name === name) ?? thrown(unknownSso);
  }
}
