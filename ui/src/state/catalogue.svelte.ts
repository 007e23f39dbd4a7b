// The role list: fetched when its revision changes, one fetch at a time, the newest wins.
import type { Agent } from "../ipc/agent";
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import { indexed, type Index } from "../lib/catalogue";
import { rehearse } from "../lib/rehearsal";
import { keyOf } from "../lib/search";
import { seenRoles } from "../lib/seen";

/** At most one fetch in this many milliseconds: a sync changes the revision with every account. */
const PACE = 150;
/** And at most this part of the time goes into fetching long lists, so that typing stays quick meanwhile. */
const SHARE = 10;

export class Catalogue {
  #agent: Agent;
  #entries = $state.raw<readonly RoleEntry[]>([]);
  #index = $derived<Index>(indexed(this.#entries));
  #sessions = $derived(new Set(this.#entries.map((entry) => entry.ssoSession)).size);
  #loaded = $state(false);
  #wanted: number | null = null;
  #held: number | null = null;
  #fetching = false;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  get index(): Index {
    return this.#index;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** How many SSO sessions the roles come from. */
  get ssoSessions(): number {
    return this.#sessions;
  }

  /** Whether the list was fetched at least once. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Shows a change before the agent's own list comes. */
  patch(key: string, change: Partial<RoleEntry>): void {
    this.#entries = this.#entries.map((entry) => (keyOf(entry) === key ? { ...entry, ...change } : entry));
  }

  /** Fetches the list of this revision, unless it is held. */
  want(revision: number): void {
    if (this.#wanted === revision) return;
    this.#wanted = revision;
    if (!this.#fetching) void this.#fetch();
  }

  /** The agent is another one: its revisions begin anew. */
  forgetRevision(): void {
    this.#wanted = null;
    this.#held = null;
  }

  async #fetch(): Promise<void> {
    this.#fetching = true;
    try {
      while (this.#wanted !== null && this.#wanted !== this.#held) {
        const revision = this.#wanted;
        const entries = await this.#agent.catalog();
        const begun = performance.now();
        this.#entries = seenRoles(entries);
        this.#loaded = true;
        this.#held = revision;
        void this.#index;
        await new Promise((done) => setTimeout(done, Math.max(PACE, (performance.now() - begun) * SHARE)));
      }
      const index = this.#index;
      void rehearse(index, () => index === this.#index);
    } catch {
      // The connection is gone; the next view asks again.
      this.forgetRevision();
    } finally {
      this.#fetching = false;
    }
  }
}
