// What lies over the window: one thing at a time, and where the focus returns to.
import { tick } from "svelte";

import type { EndAtAws } from "../ipc/bindings/EndAtAws";
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import type { SessionView } from "../ipc/bindings/SessionView";

export type Overlay =
  | { readonly kind: "request"; readonly entry: RoleEntry; /** The session that is asked for otherwise. */ readonly from: SessionView | null }
  | { readonly kind: "endAtAws"; readonly session: SessionView; readonly told: EndAtAws }
  | { readonly kind: "switcher" }
  | { readonly kind: "shortcuts" };

export class Overlays {
  #shown = $state.raw<Overlay | null>(null);
  #opener: HTMLElement | null = null;

  get shown(): Overlay | null {
    return this.#shown;
  }

  open(overlay: Overlay): void {
    if (!this.#shown && document.activeElement instanceof HTMLElement) this.#opener = document.activeElement;
    this.#shown = overlay;
  }

  /** Closes, and gives the focus back to what had it, or to the list. */
  async close(): Promise<void> {
    const opener = this.#opener;
    this.#shown = null;
    this.#opener = null;
    await tick();
    if (opener?.isConnected && opener !== document.body && opener.offsetParent !== null) opener.focus();
    else document.querySelector<HTMLElement>("[data-home]")?.focus();
  }
}
