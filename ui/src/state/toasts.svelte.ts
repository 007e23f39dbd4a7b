// Short messages: what was done, and refusals that have no place of their own.
import type { Failure } from "../ipc/bindings/Failure";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly failure: Failure | null;
  readonly act: (() => void) | null;
  /** What the button says, where no failure does. */
  readonly button: string;
}

const SHOWN = 5000;
/** Long enough to change one's mind. */
const OFFERED = 15_000;

export class Toasts {
  #list = $state.raw<readonly Toast[]>([]);
  #next = 1;

  get list(): readonly Toast[] {
    return this.#list;
  }

  /** Says what was done, for a few seconds. */
  say(text: string): void {
    const id = this.#add({ text, failure: null, act: null, button: "" });
    setTimeout(() => this.dismiss(id), SHOWN);
  }

  /** Says what takes longer to read. */
  tell(text: string): void {
    const id = this.#add({ text, failure: null, act: null, button: "" });
    setTimeout(() => this.dismiss(id), OFFERED);
  }

  /** Says what was done, and offers to undo it. */
  offer(text: string, button: string, act: () => void): void {
    this.#list = this.#list.filter((toast) => toast.button === "");
    const id = this.#add({ text, failure: null, act, button });
    setTimeout(() => this.dismiss(id), OFFERED);
  }

  /** Says what was refused, until dismissed or followed by another. */
  refuse(failure: Failure, act: (() => void) | null): void {
    this.#list = this.#list.filter((toast) => toast.failure === null);
    this.#add({ text: "", failure, act, button: "" });
  }

  dismiss(id: number): void {
    this.#list = this.#list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, "id">): number {
    const id = this.#next;
    this.#next += 1;
    this.#list = [...this.#list.slice(-2), { ...toast, id }];
    return id;
  }
}
