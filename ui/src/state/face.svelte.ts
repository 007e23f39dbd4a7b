// Everything the window shows, and the verbs by which a person acts on it.
import { untrack } from "svelte";

import { failureOf, type Agent } from "../ipc/agent";
import type { Answer } from "../ipc/bindings/Answer";
import type { Code } from "../ipc/bindings/Code";
import type { Colour } from "../ipc/bindings/Colour";
import type { Failure } from "../ipc/bindings/Failure";
import type { Intent } from "../ipc/bindings/Intent";
import type { Open } from "../ipc/bindings/Open";
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { SessionView } from "../ipc/bindings/SessionView";
import type { SsoSessionView } from "../ipc/bindings/SsoSessionView";
import type { View } from "../ipc/bindings/View";
import type { What } from "../ipc/bindings/What";
import type { Wish } from "../ipc/bindings/Wish";
import type { Way } from "../ipc/bindings/Way";
import { byRole, isLive, requestBehind, usualRequest } from "../lib/lease";
import { counted } from "../lib/format";
import { milestones, type Stages } from "../lib/milestones";
import { keyOf } from "../lib/search";
import { seenView } from "../lib/seen";
import { foremost, isFirstRun, placeOf, signedInAnew } from "../lib/welcome";
import { Activity } from "./activity.svelte";
import { Catalogue } from "./catalogue.svelte";
import { Clock } from "./clock.svelte";
import { Guards } from "./guards.svelte";
import { RoleList } from "./list.svelte";
import { Overlays } from "./overlay.svelte";
import { Configuration } from "./settings.svelte";
import { Toasts } from "./toasts.svelte";

const QUIT = "Quit Daypass";
const WIPE = "Wipe everything";

export class Face {
  readonly clock = new Clock();
  readonly toasts = new Toasts();
  readonly overlays = new Overlays();
  readonly settings = new Configuration((intent) => this.ask(intent));
  readonly guards = new Guards((intent) => this.ask(intent));
  readonly activity = new Activity((intent) => this.ask(intent));
  readonly catalogue: Catalogue;
  readonly list: RoleList;

  #agent: Agent;
  #view = $state.raw<View | null>(null);
  #connected = $state(false);
  #elsewhere = $state(false);
  #said = $state("");
  #stages: Stages | null = null;
  /** What was wanted from elsewhere, until it can be brought up; and the last such wish. */
  #wanted = $state.raw<What | null>(null);
  #shown: number | null = null;
  /** How each SSO session was signed in to last; trying again goes the same way. */
  #ways = new Map<string, Way>();
  #byRole = $derived(byRole(this.#view?.sessions ?? []));
  #foremost = $derived(foremost(this.#view?.ssoSessions ?? []));

  constructor(agent: Agent) {
    this.#agent = agent;
    this.catalogue = new Catalogue(agent);
    this.list = new RoleList(this.catalogue);
    $effect.root(() => {
      $effect(() => this.#announce());
    });
    agent.watch((view) => this.#learn(view && seenView(view))).catch((thrown: unknown) => {
      this.toasts.refuse(failureOf(thrown), null);
    });
  }

  /** The agent's last view; null before the first. */
  get view(): View | null {
    return this.#view;
  }

  get connected(): boolean {
    return this.#connected;
  }

  /** Whether to show the sign-in form: on first run, or when asked for. */
  get welcoming(): boolean {
    return this.#elsewhere || this.isFirstRun;
  }

  get isFirstRun(): boolean {
    return this.#view !== null && isFirstRun(this.#view);
  }

  /** Whether the sign-in form was asked for, and can be left again. */
  get elsewhere(): boolean {
    return this.#elsewhere;
  }

  get foremost(): SsoSessionView | null {
    return this.#foremost;
  }

  /** The newest milestone or sign-in, for screen readers. */
  get said(): string {
    return this.#said;
  }

  /** What an SSO session wears. */
  colourOf(ssoSession: string): Colour | null {
    return this.#view?.ssoSessions.find(({ name }) => name === ssoSession)?.colour ?? null;
  }

  /** The session a role's row speaks of. */
  sessionOf(key: string): SessionView | null {
    return this.#byRole.get(key) ?? null;
  }

  /** Asks; rejects with a Failure. For controls that show the refusal beside themselves. */
  async ask(intent: Intent): Promise<Answer> {
    try {
      return await this.#agent.ask(intent);
    } catch (thrown) {
      throw failureOf(thrown);
    }
  }

  /** Wishes something of the desktop's own program. */
  wish(wish: Wish): Promise<void> {
    return this.try(() => this.#agent.wish(wish));
  }

  /** Asks; a refusal becomes a notice, or what is to happen instead. Whether it was done. */
  async attempt(intent: Intent, instead: Partial<Record<Code, () => void>> = {}): Promise<boolean> {
    try {
      await this.ask(intent);
      return true;
    } catch (thrown) {
      const failure = failureOf(thrown);
      const other = instead[failure.code];
      if (other) other();
      else this.toasts.refuse(failure, this.remedy(failure, intent, ssoSessionOf(intent)));
      return false;
    }
  }

  /** Tries; a refusal becomes a notice. */
  async try(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.toasts.refuse(failureOf(thrown), null);
    }
  }

  /** What a failure's button does; null where it has none. */
  remedy(failure: Failure, again: Intent | null, ssoSession: string | null): (() => void) | null {
    const sso = ssoSession ?? this.#foremost?.name ?? null;
    switch (failure.action) {
      case "signIn":
        return sso === null ? () => this.addSignIn(true) : () => void this.signIn(sso);
      case "sync":
        return sso === null ? null : () => void this.attempt({ kind: "sync", ssoSession: sso });
      case "retry":
      case "keep":
      case "forget":
        return again === null ? null : () => void this.attempt(again);
      case "edit":
        return () => this.addSignIn(true);
      case "settings":
        return () => this.settings.open();
      case "quit":
        return () => this.quit();
      case null:
        return null;
    }
  }

  /** Signs in, the way that is set where none is given. */
  signIn(ssoSession: string, way: Way | null = null): Promise<boolean> {
    return this.attempt({ kind: "signIn", target: { kind: "named", ssoSession }, way, keep: null });
  }

  /** Signs in once more, after what a notice tells of. */
  signInAgain(ssoSession: string): Intent {
    return { kind: "signIn", target: { kind: "named", ssoSession }, way: this.#ways.get(ssoSession) ?? null, keep: null };
  }

  /** Shows the sign-in form although others are signed in, or leaves it. */
  addSignIn(on: boolean): void {
    if (on) {
      this.settings.leave();
      this.activity.leave();
    }
    this.#elsewhere = on;
  }

  /** Ends everything and leaves; while sessions are live only for whoever asks twice. */
  quit(): void {
    const live = this.#view?.sessions.filter(isLive).length ?? 0;
    const leave = (): void => void this.attempt({ kind: "quit" });
    if (live === 0 || this.toasts.list.some(({ button }) => button === QUIT)) leave();
    else this.toasts.offer(`Quitting ends ${counted(live, "live session")} and signs you out.`, QUIT, leave);
  }

  /** Ends every lease and signs out everywhere, for whoever says so twice. */
  wipe(): void {
    const live = this.#view?.sessions.filter(isLive).length ?? 0;
    const held = this.#view?.ssoSessions.filter(({ status }) => status !== "signedOut") ?? [];
    if (live === 0 && held.length === 0) {
      this.toasts.say("There is nothing to wipe: no lease lives, and you are signed out.");
      return;
    }
    const wipe = async (): Promise<void> => {
      let done = await this.attempt({ kind: "endAll" });
      for (const { name } of held) done = (await this.attempt({ kind: "signOut", ssoSession: name })) && done;
      if (done) this.toasts.say("Everything is wiped: no lease lives, and you are signed out.");
    };
    this.toasts.offer(`This ends ${counted(live, "live session")} and signs you out everywhere.`, WIPE, () => void wipe());
  }

  /** The usual case: the whole role, for as long as last time, and open it. */
  use(entry: RoleEntry, open: Open): Promise<boolean> {
    return this.attempt({ kind: "request", request: usualRequest(entry), open: [open] }, { reasonMissing: () => this.form(entry) });
  }

  /** The careful case. */
  form(entry: RoleEntry): void {
    this.overlays.open({ kind: "request", entry, from: null });
  }

  /** Takes a pass as it was saved. */
  take(name: string): Promise<boolean> {
    return this.attempt({ kind: "takePass", name });
  }

  /** Asks for what a session had, and puts the old card away. */
  async again(session: SessionView): Promise<void> {
    if (await this.attempt({ kind: "request", request: requestBehind(session), open: [] })) {
      await this.attempt({ kind: "dismiss", session: session.session });
    }
  }

  /** The form with what a session was asked for, to be asked for otherwise. */
  change(session: SessionView): void {
    const hit = this.catalogue.index.byRank.find(({ key }) => key === keyOf(session));
    if (hit) this.overlays.open({ kind: "request", entry: hit.entry, from: session });
    else this.toasts.say(`${session.role} in ${session.accountName} is no longer in the list.`);
  }

  favour(entry: RoleEntry): void {
    const { ssoSession, account, role, favourite } = entry;
    const key = keyOf(entry);
    this.list.hold();
    this.catalogue.patch(key, { favourite: !favourite });
    void this.attempt({ kind: "favourite", role: { ssoSession, account, role }, on: !favourite }).then((done) => {
      if (!done) this.catalogue.patch(key, { favourite });
    });
  }

  /** Signs out, and says what that does not end. */
  async signOut(ssoSession: string): Promise<void> {
    const intent: Intent = { kind: "signOut", ssoSession };
    try {
      const { remains } = await this.ask(intent);
      this.toasts.tell(`Signed out of ${ssoSession}. ${remains ?? ""}`);
    } catch (thrown) {
      const failure = failureOf(thrown);
      this.toasts.refuse(failure, this.remedy(failure, intent, ssoSession));
    }
  }

  /** Puts a command on the clipboard; never a secret. */
  async copy(text: string, said: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      this.toasts.say(said);
    } catch {
      this.toasts.say("The clipboard is not available to this window.");
    }
  }

  /** Puts the command on the clipboard that gives a shell this session's credentials; never the credentials. */
  copyEnv(session: SessionView): Promise<void> {
    const said = `Copied the env command for ${session.role}. Paste it into a shell.`;
    return this.copy(`eval "$(daypass env --session ${session.session})"`, said);
  }

  copyEnvOf(entry: RoleEntry): void {
    const session = this.sessionOf(keyOf(entry));
    if (session && isLive(session)) void this.copyEnv(session);
    else this.toasts.say(`No session of ${entry.role} is live. Press Enter to request one.`);
  }

  /** Shows what the tray, the switcher or a notification wants of the main window, once what it takes is there. */
  bringUp(): void {
    const what = this.#wanted;
    if (what === null || this.#view === null || !this.catalogue.loaded) return;
    this.#wanted = null;
    untrack(() => {
      if (what.kind === "settings") return this.settings.open();
      this.settings.leave();
      if (what.kind === "activity") return this.activity.open();
      this.activity.leave();
      const role = what.kind === "request" ? keyOf(what.role) : null;
      const hit = role === null ? undefined : this.catalogue.index.byRank.find(({ key }) => key === role);
      if (hit) this.form(hit.entry);
    });
  }

  #learn(view: View | null): void {
    this.#connected = view !== null;
    if (view === null) {
      this.clock.stop();
      this.catalogue.forgetRevision();
      return;
    }
    this.clock.set(view.now);
    this.catalogue.want(view.catalogRevision);
    const anew = signedInAnew(this.#view, view);
    if (anew.length > 0) {
      this.#elsewhere = false;
      this.#said = `Signed in to ${anew.map(placeOf).join(" and ")}.`;
    }
    if (view.signIn) this.#ways.set(view.signIn.ssoSession, view.signIn.way);
    const show = view.desktop?.show ?? null;
    if (show !== null && show.count !== this.#shown) this.#wanted = show.what;
    this.#shown = show?.count ?? null;
    this.#view = view;
    this.settings.learn(view.settings);
  }

  #announce(): void {
    const { stages, said } = milestones(this.#stages, this.#view?.sessions ?? [], this.clock.now);
    if (this.#view === null) return;
    this.#stages = stages;
    if (said.length > 0) this.#said = said.join(" ");
  }
}

function ssoSessionOf(intent: Intent): string | null {
  if (intent.kind === "request") return intent.request.role.ssoSession;
  return "ssoSession" in intent ? intent.ssoSession : null;
}
