// The request form: what is filled in, what the role offers, and what the agent says of it as it stands.
import { failureOf } from "../ipc/agent";
import type { Answer } from "../ipc/bindings/Answer";
import type { Chain } from "../ipc/bindings/Chain";
import type { Failure } from "../ipc/bindings/Failure";
import type { Intent } from "../ipc/bindings/Intent";
import type { Options } from "../ipc/bindings/Options";
import type { Preset } from "../ipc/bindings/Preset";
import type { Preview } from "../ipc/bindings/Preview";
import type { Probe } from "../ipc/bindings/Probe";
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { SessionRequest } from "../ipc/bindings/SessionRequest";
import type { Limit } from "../ipc/bindings/Limit";
import { draftOf, entriesOf, mistakeIn, presetsOf, requestOf, tagValue, type Draft, type Kind } from "../lib/scope";

/** How long after the last key the agent is asked what the request would send. */
const SETTLED = 120;
const REASON = "Reason";

/** What AWS would refuse or make less of, and the button for what it takes. */
export interface Advised {
  readonly failure: Failure;
  readonly refuses: boolean;
  readonly words: string;
  readonly take: () => void;
}

export class RequestForm {
  readonly draft: Draft;
  readonly probe: Probe = $state({ action: "", resource: "" });

  #entry: RoleEntry;
  #ask: (intent: Intent) => Promise<Answer>;
  #options = $state.raw<Options | null>(null);
  #preview = $state.raw<Preview | null>(null);
  #limits = $state.raw<readonly Limit[]>([]);
  #failure = $state.raw<Failure | null>(null);
  #taken = $state(0);
  #asked = 0;
  /** Whether the reason goes along as a session tag. */
  #tagsReason = $state(true);

  readonly mistake = $derived.by(() => mistakeIn(this.draft));
  readonly presets = $derived(this.#options ? presetsOf(this.#options) : []);
  readonly preset = $derived.by((): Preset | null => this.presets.find(({ id }) => id === this.draft.preset) ?? this.presets[0] ?? null);
  /** What is known of the roles on the way; null for one that was typed. */
  readonly chains = $derived.by((): (Chain | null)[] => this.draft.hops.map(({ role }) => this.#known(role)));
  /** Whether tags that go to the last role are known to be taken there. */
  readonly takesTags = $derived(this.chains.at(-1)?.takesTags ?? false);
  readonly advised = $derived.by((): Advised | null => this.#advised());

  constructor(entry: RoleEntry, begin: Partial<Draft>, ask: (intent: Intent) => Promise<Answer>) {
    this.#entry = entry;
    this.#ask = ask;
    this.draft = $state({
      seconds: null, reason: "", region: "", kind: "wholeRole", preset: "", values: {}, grants: null, services: "", policies: "",
      policy: "", onlyRegions: "", onlyFrom: "", untilLeaseEnd: false, hops: [], sessionName: "",
      sourceIdentity: "", tags: [], ...begin,
    } satisfies Draft as Draft);
  }

  get options(): Options | null {
    return this.#options;
  }

  get preview(): Preview | null {
    return this.#preview;
  }

  /** Why the agent could not say what it offers. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Goes up when the fields are filled in anew, other than by typing. */
  get taken(): number {
    return this.#taken;
  }

  get tagsReason(): boolean {
    return this.#tagsReason;
  }

  set tagsReason(on: boolean) {
    this.#tagsReason = on;
  }

  /** Fetches what the role offers. */
  async load(): Promise<void> {
    const { ssoSession, account, role } = this.#entry;
    try {
      const { options } = await this.#ask({ kind: "options", role: { ssoSession, account, role } });
      this.#options = options;
      this.draft.preset ||= this.presets[0]?.id ?? "";
    } catch (thrown) {
      this.#failure = failureOf(thrown);
    }
  }

  /** Narrows by this; what cannot be done with the portal's role goes through the first chained role there is. */
  narrow(kind: Kind): void {
    this.draft.kind = kind;
    if (kind !== "wholeRole") this.#goThrough();
  }

  /** A condition was set: that, too, needs a chained role. */
  conditioned(): void {
    if (this.draft.onlyRegions || this.draft.onlyFrom || this.draft.untilLeaseEnd) this.#goThrough();
  }

  /** Goes through this chained role, in the place of the one at `at`. */
  through(at: number, role: string): void {
    this.#go(this.draft.hops.toSpliced(at, 1, { role, externalId: this.#known(role)?.externalId ?? "" }));
  }

  /** Takes the role at `at` from the way; without the first there is none. */
  leave(at: number): void {
    this.#go(at === 0 ? [] : this.draft.hops.toSpliced(at, 1));
  }

  choosePreset(id: string): void {
    Object.assign(this.draft, { preset: id, values: {}, grants: null });
  }

  /** Begins with what was asked of this role last. */
  asLast(): void {
    if (this.#options?.last) this.fill(this.#options.last);
  }

  /** Fills in what makes this request. */
  fill(request: SessionRequest): void {
    const { tags = [], ...rest } = draftOf(request);
    // The reason goes along by itself.
    const own = tags.filter(({ key, value }) => key !== REASON || value !== tagValue(request.reason ?? ""));
    Object.assign(this.draft, rest, { tags: own });
    this.#taken += 1;
  }

  /** Asks whether AWS would refuse something that was typed; the first such thing. */
  async check(): Promise<Failure | null> {
    if (this.mistake) return this.mistake;
    const typed = entriesOf(this.draft).map((entry) => entry.typed);
    this.#limits = typed.length === 0 ? [] : (await this.#ask({ kind: "limits", typed })).limits;
    return this.#limits[0]?.failure ?? null;
  }

  request(): SessionRequest {
    const request = requestOf(this.draft, this.#entry);
    const value = tagValue(this.draft.reason);
    if (!this.#tagsReason || !this.takesTags || value === "" || request.labels.tags.some(({ key }) => key === REASON)) return request;
    const tags = [{ key: REASON, value, transitive: false }, ...request.labels.tags];
    return { ...request, labels: { ...request.labels, tags } };
  }

  /** Asks the agent what would be sent, once typing rests; an answer to what has changed since is dropped. */
  watch(): () => void {
    const draft = $state.snapshot(this.draft);
    const probe = $state.snapshot(this.probe);
    const request = this.request();
    if (draft.kind === "preset" && !draft.preset) return () => undefined;
    this.#asked += 1;
    const asked = this.#asked;
    const rest = setTimeout(() => void this.#look(request, probe.action.trim() === "" ? null : probe).then((preview) => {
      if (asked === this.#asked) this.#preview = preview;
    }), SETTLED);
    return () => clearTimeout(rest);
  }

  async #look(request: SessionRequest, probe: Probe | null): Promise<Preview | null> {
    try {
      if (await this.check()) return null;
      return (await this.#ask({ kind: "preview", request, probe })).preview;
    } catch {
      // What is wrong is said when it is asked for.
      return null;
    }
  }

  #advised(): Advised | null {
    const limit = this.#limits.find(({ instead }) => instead !== null);
    if (limit?.instead) {
      const { failure, at, instead } = limit;
      const take = (): void => void Object.assign(this.draft, entriesOf(this.draft)[at]?.put(instead.text));
      return { failure, refuses: true, words: instead.words, take };
    }
    const { refused = null, warned = null, nearest = null } = this.#preview ?? {};
    const failure = refused ?? warned;
    if (!failure || !nearest) return null;
    return { failure, refuses: refused !== null, words: nearest.words, take: () => this.fill(nearest.request) };
  }

  #known(role: string): Chain | null {
    return this.#options?.chains.find((chain) => chain.role === role) ?? null;
  }

  #go(hops: Draft["hops"]): void {
    const person = this.#options?.person ?? "";
    this.draft.hops = hops;
    if (this.draft.sourceIdentity !== "" && this.draft.sourceIdentity !== person) return;
    // It stays through the whole way: every role has to take it.
    const takes = hops.length > 0 && this.chains.every((chain) => chain?.takesSourceIdentity);
    this.draft.sourceIdentity = takes ? person : "";
  }

  #goThrough(): void {
    const first = this.#options?.chains[0];
    if (this.draft.hops.length === 0 && first) this.through(0, first.role);
  }
}
