// The agent's behaviour in an ordinary browser, for looking at the page and for its tests. Knows no AWS.
import type { Agent } from "./agent";
import type { Answer } from "./bindings/Answer";
import type { Intent } from "./bindings/Intent";
import type { SessionRequest } from "./bindings/SessionRequest";
import type { SessionView } from "./bindings/SessionView";
import type { SignInTarget } from "./bindings/SignInTarget";
import type { SsoSessionView } from "./bindings/SsoSessionView";
import type { View } from "./bindings/View";
import type { Why } from "./bindings/Why";
import { someRoles } from "./fake-roles";
import { aSession, badRegion, fail, notHttps, sceneOf, ssoSession, tooLong, type Scene } from "./fake-scenes";
import { keyOf } from "../lib/search";

const ISSUED = 300;
const NOTHING: Answer = { session: null, attempt: null, url: null };

export interface FakeAgent extends Agent {
  /** What was asked, in order. For tests. */
  readonly asked: readonly Intent[];
  /** Changes the view by hand and publishes it. For tests. */
  change(change: (view: View) => void): void;
}

export function fakeAgent(query: URLSearchParams): FakeAgent {
  const scene = sceneOf(query.get("state") ?? "main", Date.now());
  const world = new World(scene);
  return {
    asked: world.asked,
    change: (change) => world.change(change),
    watch(onView) {
      world.watch(onView);
      return Promise.resolve();
    },
    async ask(intent) {
      world.asked.push(intent);
      await later(10);
      return world.ask(intent);
    },
    async catalog() {
      await later(10);
      return structuredClone(world.scene.roles);
    },
  };
}

const later = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

class World {
  readonly scene: Scene;
  readonly asked: Intent[] = [];
  #onView: (view: View | null) => void = () => undefined;
  #next = 1;
  #attempt = 0;

  constructor(scene: Scene) {
    this.scene = scene;
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
        return this.#signIn(intent.target);
      case "signInUrl":
        if (!view.signIn) throw fail("noSignIn", "no sign-in is under way", "Start one with Sign in.", "signIn");
        break;
      case "cancelSignIn":
        this.#attempt += 1;
        view.signIn = null;
        break;
      case "signOut":
        this.#signOut(intent.ssoSession);
        break;
      case "sync":
        this.#sync(intent.ssoSession);
        break;
      case "request":
        return this.#request(intent.request);
      case "renew": {
        const session = this.#live(intent.session);
        Object.assign(session, { leaseEnd: Date.now() + session.duration * 1000, phase: "active", failure: null });
        break;
      }
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
      case "favourite": {
        const key = keyOf(intent.role);
        this.scene.roles = this.scene.roles.map((role) => (keyOf(role) === key ? { ...role, favourite: intent.on } : role));
        view.catalogRevision += 1;
        break;
      }
      case "dismissNotice":
        view.notice = null;
        break;
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

  #signIn(target: SignInTarget): Answer {
    const { view } = this.scene;
    if (view.signIn) throw fail("signInBusy", "another sign-in is under way", "Finish it in the browser, or cancel it.", null);
    if (target.kind === "typed") {
      if (!target.startUrl.startsWith("https://")) throw notHttps;
      if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(target.region)) throw badRegion;
      const name = new URL(target.startUrl).hostname.split(".")[0] ?? "sso";
      view.ssoSessions.push(ssoSession(name, { startUrl: target.startUrl, region: target.region, source: "typed" }));
    }
    const named = target.kind === "named" ? target.ssoSession : view.ssoSessions.at(-1)?.name;
    const session = this.#sso(named ?? "");
    this.#attempt += 1;
    const attempt = this.#attempt;
    view.notice = null;
    view.signIn = { ssoSession: session.name, attempt, stage: "starting", startedAt: Date.now(), hint: null };
    this.#publish();
    void this.#goOn(session, attempt);
    return { ...NOTHING, attempt };
  }

  async #goOn(session: SsoSessionView, attempt: number): Promise<void> {
    const { view } = this.scene;
    await later(250);
    if (this.#attempt !== attempt || !view.signIn) return;
    view.signIn.stage = "browser";
    this.#publish();
    await later(900);
    if (this.#attempt !== attempt) return;
    view.signIn = null;
    Object.assign(session, { status: "signedIn", signedInAt: Date.now() });
    for (const waiting of view.sessions.filter(({ phase }) => phase === "requesting")) void this.#issue(waiting);
    this.#sync(session.name);
    this.#publish();
  }

  #signOut(name: string): void {
    const session = this.#sso(name);
    Object.assign(session, { status: "signedOut", signedInAt: null, identity: null });
    this.scene.view.sessions.filter((held) => holds(held) && held.ssoSession === name).forEach((held) => this.#end(held, "signedOut"));
  }

  #sync(name: string): void {
    const session = this.#sso(name);
    const all = this.scene.roles.some((role) => role.ssoSession === name) ? this.scene.roles : someRoles(name, 214, Date.now());
    const total = 71;
    const step = (done: number): void => {
      const shown = done >= total ? all : all.slice(0, Math.ceil((all.length * done) / total));
      if (this.scene.roles.length < all.length || done >= total) this.scene.roles = shown;
      const over = done >= total;
      session.catalog = {
        accounts: total, roles: this.scene.roles.length, failedAccounts: 0, failure: null,
        syncedAt: over ? Date.now() : session.catalog.syncedAt, progress: over ? null : { done, total },
      };
      this.scene.view.catalogRevision += 1;
      this.#publish();
      if (!over) setTimeout(() => step(Math.min(total, done + 9)), 120);
    };
    step(0);
  }

  #request(request: SessionRequest): Answer {
    const { view } = this.scene;
    if (request.duration > 12 * 3600) throw tooLong;
    const role = this.scene.roles.find((entry) => keyOf(entry) === keyOf(request.role));
    if (!role) throw fail("unknownRole", "this role is not in the list", "Sync the list, or ask your administrator for the assignment.", "sync");
    const same = view.sessions.find((session) => holds(session) && keyOf(session) === keyOf(role));
    if (same && !request.fresh) return { ...NOTHING, session: same.session };
    const session = aSession(role, Date.now(), {
      session: `s-${String(this.#next).padStart(4, "0")}`,
      phase: "requesting", leaseEnd: null, expiration: null, requestedAt: Date.now(),
      duration: request.duration, reason: request.reason,
      region: request.region ?? this.#sso(role.ssoSession).region,
    });
    this.#next += 1;
    view.sessions = [session, ...view.sessions];
    view.today.requested += 1;
    const sso = this.#sso(role.ssoSession);
    if (sso.status === "signedIn") void this.#issue(session);
    else if (!view.signIn) this.#signIn({ kind: "named", ssoSession: sso.name });
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
      keyOf(role) === keyOf(session) ? { ...role, lastUsed: now, lastDuration: session.duration, longest: role.longest ?? 3600 } : role);
    this.scene.view.catalogRevision += 1;
    this.scene.view.endpoint = { listening: true, clients: 0 };
    this.#publish();
  }

  #end(session: SessionView, why: Why): void {
    const held = session.phase !== "requesting";
    Object.assign(session, {
      phase: "ended",
      ended: { at: Date.now(), why, wipedPages: held ? 3 : 0, awsAcceptsUntil: held ? session.expiration : null },
    });
    this.scene.view.today.ended += 1;
    if (!this.scene.view.sessions.some(holds)) this.scene.view.endpoint = { listening: false, clients: 0 };
  }

  #endLeases(): void {
    const now = Date.now();
    const over = this.scene.view.sessions.filter((session) => holds(session) && session.leaseEnd !== null && session.leaseEnd <= now);
    if (over.length === 0 || this.scene.gone) return;
    over.forEach((session) => this.#end(session, "leaseEnd"));
    this.#publish();
  }

  #live(id: string): SessionView {
    const session = this.scene.view.sessions.find((one) => one.session === id);
    if (!session || !holds(session)) throw fail("sessionNotLive", "this session is not live", "Request it again.", "retry");
    return session;
  }

  #sso(name: string): SsoSessionView {
    const session = this.scene.view.ssoSessions.find((one) => one.name === name);
    if (!session) throw fail("unknownSsoSession", "no SSO session has this name", "Sign in with a start URL.", null);
    return session;
  }
}

const holds = (session: SessionView): boolean => session.phase !== "ended" && session.phase !== "failed";
