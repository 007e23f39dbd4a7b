// The audit log as the window shows it: whether it is shown, what it is filtered by, and the rows that have come.
import { tick } from "svelte";

import { failureOf } from "../ipc/agent";
import type { Answer } from "../ipc/bindings/Answer";
import type { Failure } from "../ipc/bindings/Failure";
import type { Intent } from "../ipc/bindings/Intent";
import type { LogFilter } from "../ipc/bindings/LogFilter";
import type { LogFormat } from "../ipc/bindings/LogFormat";
import type { LogPage } from "../ipc/bindings/LogPage";
import type { LogRow } from "../ipc/bindings/LogRow";
import type { LogVerdict } from "../ipc/bindings/LogVerdict";

const ALL: LogFilter = { text: "", kind: null, ssoSession: null, role: null, session: null, since: null };

export class Activity {
  #ask: (intent: Intent) => Promise<Answer>;
  #isOpen = $state(false);
  #filter = $state.raw<LogFilter>(ALL);
  #page = $state.raw<LogPage | null>(null);
  #roles = $state.raw<readonly string[]>([]);
  #verdict = $state.raw<LogVerdict | null>(null);
  #failure = $state.raw<Failure | null>(null);
  #opener: HTMLElement | null = null;
  /** What the rows that are there were asked by. */
  #filteredBy = this.#filter;
  #isLoading = false;

  constructor(ask: (intent: Intent) => Promise<Answer>) {
    this.#ask = ask;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get filter(): LogFilter {
    return this.#filter;
  }

  get isFiltered(): boolean {
    return JSON.stringify(this.#filter) !== JSON.stringify(ALL);
  }

  /** Newest first; null before the first have come. */
  get rows(): readonly LogRow[] | null {
    return this.#page?.rows ?? null;
  }

  get hasMore(): boolean {
    return this.#page?.hasMore ?? false;
  }

  /** The roles met so far, to filter by. */
  get roles(): readonly string[] {
    return this.#roles;
  }

  get verdict(): LogVerdict | null {
    return this.#verdict;
  }

  /** Why nothing can be shown. */
  get failure(): Failure | null {
    return this.#failure;
  }

  open(): void {
    if (this.#isOpen) return;
    if (document.activeElement instanceof HTMLElement) this.#opener = document.activeElement;
    this.#isOpen = true;
  }

  /** Closes, and gives the focus back to what had it, or to the list. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    const opener = this.#opener;
    this.leave();
    await tick();
    if (opener?.isConnected && opener !== document.body) opener.focus();
    else document.querySelector<HTMLElement>("[data-home]")?.focus();
  }

  /** Puts it away without moving the focus. */
  leave(): void {
    this.#isOpen = false;
    this.#opener = null;
  }

  /** Filters, and asks anew. */
  set(change: Partial<LogFilter>): void {
    this.#filter = { ...this.#filter, ...change };
    void this.load();
  }

  clear(): void {
    this.set(ALL);
  }

  /** Asks for the newest rows, and whether the chain is whole. */
  async load(): Promise<void> {
    const filter = this.#filter;
    try {
      await this.#askFor(null);
      const { verdict } = await this.#ask({ kind: "verifyLog" });
      if (filter === this.#filter) this.#verdict = verdict;
    } catch (thrown) {
      if (filter === this.#filter) this.#failure = failureOf(thrown);
    }
  }

  /** Asks for the rows before the last that is there. */
  async more(): Promise<void> {
    const last = this.#page?.rows.at(-1);
    if (this.#isLoading || !this.hasMore || !last) return;
    this.#isLoading = true;
    try {
      await this.#askFor(last.n);
    } catch (thrown) {
      this.#failure = failureOf(thrown);
    } finally {
      this.#isLoading = false;
    }
  }

  /** Where the file is that was written. Rejects with a Failure. */
  async export(format: LogFormat): Promise<string> {
    return (await this.#ask({ kind: "exportLog", format, filter: this.#filter })).saved ?? "";
  }

  /** An answer that another filter has overtaken is not shown. */
  async #askFor(before: number | null): Promise<void> {
    const filter = this.#filter;
    const { log } = await this.#ask({ kind: "log", filter, before });
    if (filter !== this.#filter || !log) return;
    this.#page = this.#page && this.#filteredBy === filter ? joined(this.#page, log) : log;
    this.#filteredBy = filter;
    this.#failure = null;
    const met = new Set([...this.#roles, ...log.rows.flatMap(({ role }) => (role === null ? [] : [role]))]);
    if (met.size > this.#roles.length) this.#roles = [...met].sort();
  }
}

/** What was there and what came, newest first; where there may be rows between them, only what came. */
function joined(there: LogPage, came: LogPage): LogPage {
  const [first, last] = [came.rows[0], came.rows.at(-1)];
  if (!first || !last) return { ...there, hasMore: false };
  const newer = there.rows.filter(({ n }) => n > first.n);
  const older = there.rows.filter(({ n }) => n < last.n);
  const isApart = came.hasMore && older.length > 0 && older.length === there.rows.length;
  if (isApart) return came;
  return { rows: [...newer, ...came.rows, ...older], hasMore: older.length > 0 ? there.hasMore : came.hasMore };
}
