// The settings: whether they are shown, which part of them, and changing one thing at a time.
import { tick } from "svelte";

import type { Intent } from "../ipc/bindings/Intent";
import type { Settings } from "../ipc/bindings/Settings";

export type Part = "signIn" | "leases" | "accounts" | "chains" | "organisation" | "favourites" | "notifications" | "programs" | "protection";

export class Configuration {
  #ask: (intent: Intent) => Promise<unknown>;
  #part = $state<Part | null>(null);
  #last: Part = "signIn";
  #opener: HTMLElement | null = null;
  /** As the agent's last view has them, and as sent after it. */
  #seen = $state.raw<Settings | null>(null);
  #sent = $state.raw<Settings | null>(null);
  #doubts = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(ask: (intent: Intent) => Promise<unknown>) {
    this.#ask = ask;
  }

  /** The part shown; null while the settings are not. */
  get part(): Part | null {
    return this.#part;
  }

  /** The newest settings; null before the first view. */
  get now(): Settings | null {
    return this.#sent ?? this.#seen;
  }

  open(part: Part = this.#last): void {
    if (this.#part === null && document.activeElement instanceof HTMLElement) this.#opener = document.activeElement;
    this.#part = part;
    this.#last = part;
  }

  /** Closes, and gives the focus back to what had it, or to the list. */
  async close(): Promise<void> {
    if (this.#part === null) return;
    const opener = this.#opener;
    this.#part = null;
    this.#opener = null;
    await tick();
    if (opener?.isConnected && opener !== document.body) opener.focus();
    else document.querySelector<HTMLElement>("[data-home]")?.focus();
  }

  /** Puts them away without moving the focus: it is already where it shall be. */
  leave(): void {
    this.#part = null;
    this.#opener = null;
  }

  learn(settings: Settings): void {
    this.#seen = settings;
    if (this.#sent === null) return;
    // A view made before the change may come after it; the second one is newer for certain.
    this.#doubts += 1;
    if (this.#doubts > 1 || bare(settings) === bare(this.#sent)) this.#sent = null;
  }

  /** The whole settings with one thing changed, made from the newest. Rejects with a Failure. */
  change(change: (settings: Settings) => Settings): Promise<void> {
    const done = this.#turn.then(async () => {
      const base = this.now;
      if (base === null) return;
      const settings = change(base);
      await this.#ask({ kind: "configure", settings });
      this.#sent = settings;
      this.#doubts = 0;
      if (this.#seen !== null && bare(this.#seen) === bare(settings)) this.#sent = null;
    });
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

/** Favourites have an intent of their own. */
const bare = (settings: Settings): string => JSON.stringify({ ...settings, favourites: [] });
