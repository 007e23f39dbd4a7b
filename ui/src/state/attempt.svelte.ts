// What a control last tried: the refusal that stands beside it, until it is put away or the next try.
import { tick } from "svelte";

import { failureOf } from "../ipc/agent";
import type { Failure } from "../ipc/bindings/Failure";

export class Attempt {
  #refusal = $state.raw<Failure | null>(null);

  get refusal(): Failure | null {
    return this.#refusal;
  }

  /** Tries; whether it was done, and the page shows it. */
  async make(act: () => Promise<void>): Promise<boolean> {
    this.#refusal = null;
    try {
      await act();
      await tick();
      return true;
    } catch (thrown) {
      this.#refusal = failureOf(thrown);
      return false;
    }
  }

  dismiss(): void {
    this.#refusal = null;
  }
}
