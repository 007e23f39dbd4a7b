// The agent's clock on this page: counts on from the last view, once a second, only while visible.

export class Clock {
  /** What the agent's clock said, and this page's own clock at that moment. */
  #agentNow = Date.now();
  #pageNow = performance.now();
  #now = $state(Date.now());
  #running = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    document.addEventListener("visibilitychange", () => this.#schedule());
  }

  /** The agent's time in milliseconds, as of the last tick. */
  get now(): number {
    return this.#now;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Counts on from what the agent says now. */
  set(agentNow: number): void {
    this.#agentNow = agentNow;
    this.#pageNow = performance.now();
    this.#running = true;
    this.#now = agentNow;
    this.#schedule();
  }

  /** Stands still: nobody knows the agent's time. */
  stop(): void {
    this.#running = false;
    this.#schedule();
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#running || document.visibilityState === "hidden") return;
    this.#now = this.#agentNow + (performance.now() - this.#pageNow);
    this.#timer = setTimeout(() => this.#schedule(), 1000 - (this.#now % 1000));
  }
}
