// What the page may ask of the agent, whoever stands behind it.
import type { Answer } from "./bindings/Answer";
import type { Failure } from "./bindings/Failure";
import type { Intent } from "./bindings/Intent";
import type { RoleEntry } from "./bindings/RoleEntry";
import type { View } from "./bindings/View";
import type { Wish } from "./bindings/Wish";

export interface Agent {
  /** The current view first, later ones in order; null while the agent is gone. */
  watch(onView: (view: View | null) => void): Promise<void>;
  /** Rejects with a Failure. */
  ask(intent: Intent): Promise<Answer>;
  /** Every role known, as of the newest `catalogRevision`. */
  catalog(): Promise<RoleEntry[]>;
  /** Asks something of the desktop's own program: to show, hide or take away. */
  wish(wish: Wish): Promise<void>;
}

/** What was rejected, as a Failure; anything else is a bug of ours and said so. */
export function failureOf(thrown: unknown): Failure {
  if (typeof thrown === "object" && thrown !== null && "fact" in thrown && "advice" in thrown) {
    return thrown as Failure;
  }
  return {
    code: "internal",
    fact: "Daypass made a mistake",
    advice: "Try again; if it stays so, report it with ~/.local/state/daypass/agent.log.",
    action: null,
  };
}
