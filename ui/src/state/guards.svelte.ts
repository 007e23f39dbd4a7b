// The guards as they were found, and the self-check: looked at when somebody asks.
import type { Answer } from "../ipc/bindings/Answer";
import type { Intent } from "../ipc/bindings/Intent";
import type { Protection } from "../ipc/bindings/Protection";
import type { SelfCheck } from "../ipc/bindings/SelfCheck";

export class Guards {
  #ask: (intent: Intent) => Promise<Answer>;
  #found = $state.raw<Protection | null>(null);
  #check = $state.raw<SelfCheck | null>(null);
  #looking = $state(false);
  #checking = $state(false);

  constructor(ask: (intent: Intent) => Promise<Answer>) {
    this.#ask = ask;
  }

  /** Null before the first look. */
  get found(): Protection | null {
    return this.#found;
  }

  /** The last self-check; null before the first. */
  get check(): SelfCheck | null {
    return this.#check;
  }

  get looking(): boolean {
    return this.#looking;
  }

  get checking(): boolean {
    return this.#checking;
  }

  /** Looks at every guard anew. Rejects with a Failure. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      this.#found = (await this.#ask({ kind: "protection" })).protection;
    } finally {
      this.#looking = false;
    }
  }

  /** Looks through the agent's memory. Rejects with a Failure. */
  async selfCheck(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      this.#check = (await this.#ask({ kind: "selfCheck" })).selfCheck;
    } finally {
      this.#checking = false;
    }
  }
}
