// The role list on screen: tab, grouping, query, and the chosen row.
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import { rowsOf, type Grouping, type Row } from "../lib/rows";
import { matching, wordsOf, type Indexed } from "../lib/search";
import type { Catalogue } from "./catalogue.svelte";

export type Tab = "all" | "favourites" | "recent";

export class RoleList {
  #catalogue: Catalogue;
  #tab = $state<Tab>("all");
  #grouping = $state<Grouping>("account");
  #query = $state("");
  #chosen = $state<string | null>(null);
  #moves = $state(0);
  #starts = $state(0);

  #words = $derived(wordsOf(this.#query));
  #items = $derived(matching(this.#source(), this.#words));
  #rows = $derived<readonly Row[]>(rowsOf(this.#items, this.#tab === "recent" ? "none" : this.#grouping));
  #at = $derived(this.#indexOf(this.#chosen));

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  get tab(): Tab {
    return this.#tab;
  }

  get grouping(): Grouping {
    return this.#grouping;
  }

  get query(): string {
    return this.#query;
  }

  get words(): readonly string[] {
    return this.#words;
  }

  get rows(): readonly Row[] {
    return this.#rows;
  }

  get found(): number {
    return this.#items.length;
  }

  /** The chosen row; -1 where there is no role at all. */
  get at(): number {
    return this.#at;
  }

  get chosen(): RoleEntry | null {
    const row = this.#rows[this.#at];
    return row?.kind === "role" ? row.item.entry : null;
  }

  /** Counts moves by keyboard: after each, the chosen row must be on screen. */
  get moves(): number {
    return this.#moves;
  }

  /** Counts new lists: each is shown from its beginning. */
  get starts(): number {
    return this.#starts;
  }

  search(query: string): void {
    this.#query = query;
    this.#restart();
  }

  show(tab: Tab): void {
    this.#tab = tab;
    this.#restart();
  }

  group(grouping: Grouping): void {
    this.#grouping = grouping;
    this.#restart();
  }

  choose(key: string): void {
    this.#chosen = key;
  }

  /** Moves by so many roles, stopping at either end. */
  move(by: number): void {
    const step = Math.sign(by);
    let at = this.#at;
    for (let left = Math.abs(by); left > 0; left -= 1) {
      let next = at + step;
      while (this.#rows[next] && this.#rows[next]?.kind !== "role") next += step;
      if (!this.#rows[next]) break;
      at = next;
    }
    this.#chosen = this.#rows[at]?.key ?? null;
    this.#moves += 1;
  }

  #restart(): void {
    this.#chosen = null;
    this.#starts += 1;
  }

  #source(): readonly Indexed[] {
    const index = this.#catalogue.index;
    switch (this.#tab) {
      case "favourites":
        return (this.#words.length > 0 ? index.byRank : index.byName).filter(({ entry }) => entry.favourite);
      case "recent":
        return index.byName
          .filter(({ entry }) => entry.lastUsed !== null)
          .toSorted((a, b) => (b.entry.lastUsed ?? 0) - (a.entry.lastUsed ?? 0));
      case "all":
        return this.#words.length > 0 ? index.byRank : index.byName;
    }
  }

  #indexOf(key: string | null): number {
    const at = key === null ? -1 : this.#rows.findIndex((row) => row.kind === "role" && row.key === key);
    return at >= 0 ? at : this.#rows.findIndex((row) => row.kind === "role");
  }
}
