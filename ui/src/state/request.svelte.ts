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
import { draftOf, mistakeIn, presetsOf, requestOf, tagValue, type Draft, type Kind } from "../lib/scope";

/** How long after the last key the agent is asked what the request would send. */
const SETTLED = 120;
const REASON = "Reason";

export class RequestForm {
  readonly draft: Draft;
  readonly probe: Probe = $state({ action: "", resource: "" });

  #entry: RoleEntry;
  #ask: (intent: Intent) => Promise<Answer>;
  #options = $state.raw<Options | null>(null);
  #preview = $state.raw<Preview | null>(null);
  #failure = $state.raw<Failure | null>(null);
  #asked = 0;
  /** Whether the reason goes along as a session tag. */
  #tagsReason = $state(true);

  readonly mistake = $derived.by(() => mistakeIn(this.draft));
  readonly presets = $derived(this.#options ? presetsOf(this.#options) : []);
  readonly preset = $derived.by((): Preset | null => this.presets.find(({ id }) => id === this.draft.preset) ?? this.presets[0] ?? null);
  readonly chain = $derived.by((): Chain | null => this.#options?.chains.find(({ role }) => role === this.draft.chain) ?? null);

  constructor(entry: RoleEntry, begin: Partial<Draft>, ask: (intent: Intent) => Promise<Answer>) {
    this.#entry = entry;
    this.#ask = ask;
    this.draft = $state({
      seconds: null, reason: "", region: "", kind: "wholeRole", preset: "", values: {}, grants: null, services: "", policies: "",
      policy: "", onlyRegions: "", onlyFrom: "", untilLeaseEnd: false, chain: "", externalId: "", sessionName: "",
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

  /** Goes through this chained role, or none. */
  through(role: string): void {
    const { draft } = this;
    draft.chain = role;
    const chain = this.chain;
    draft.externalId = chain?.externalId ?? "";
    draft.sourceIdentity = (chain?.takesSourceIdentity && this.#options?.person) || "";
  }

  choosePreset(id: string): void {
    Object.assign(this.draft, { preset: id, values: {}, grants: null });
  }

  /** Begins with what was asked of this role last. */
  asLast(): void {
    const last = this.#options?.last;
    if (last) Object.assign(this.draft, draftOf(last), { seconds: last.duration });
  }

  request(): SessionRequest {
    const request = requestOf(this.draft, this.#entry);
    const value = tagValue(this.draft.reason);
    if (!this.#tagsReason || !this.chain?.takesTags || value === "" || request.labels.tags.some(({ key }) => key === REASON)) return request;
    const tags = [{ key: REASON, value, transitive: false }, ...request.labels.tags];
    return { ...request, labels: { ...request.labels, tags } };
  }

  /** Asks the agent what would be sent, once typing rests; an answer to what has changed since is dropped. */
  watch(): () => void {
    const draft = $state.snapshot(this.draft);
    const probe = $state.snapshot(this.probe);
    const wanted = this.mistake === null ? this.request() : null;
    if (draft.kind === "preset" && !draft.preset) return () => undefined;
    this.#asked += 1;
    const asked = this.#asked;
    const rest = setTimeout(() => {
      if (!wanted) {
        this.#preview = null;
        return;
      }
      const asks = probe.action.trim() === "" ? null : probe;
      this.#ask({ kind: "preview", request: wanted, probe: asks })
        .then(({ preview }) => { if (asked === this.#asked) this.#preview = preview; })
        // What is wrong is said when it is asked for.
        .catch(() => { if (asked === this.#asked) this.#preview = null; });
    }, SETTLED);
    return () => clearTimeout(rest);
  }

  #goThrough(): void {
    const first = this.#options?.chains[0];
    if (this.draft.chain === "" && first) this.through(first.role);
  }
}
