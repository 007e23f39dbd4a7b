// The role list on screen: tab, grouping, what is collapsed, query, and the chosen row.
import type { RoleEntry } from "../ipc/bindings/RoleEntry";
import { pinnedKey, type Indexed } from "../lib/catalogue";
import { keep, recall } from "../lib/left";
import { isStop, NOTHING, rowsOfAll, rowsOfFound, rowsOfSome, type Grouping, type Row } from "../lib/rows";
import { Finder, wordsOf } from "../lib/search";
import type { Catalogue } from "./catalogue.svelte";

export type Tab = "all" | "favourites" | "recent";

export class RoleList {
  #catalogue: Catalogue;
  #finder = new Finder();
  #tab = $state<Tab>("all");
  #grouping = $state<Grouping>("account");
  #collapsed = $state.raw<ReadonlySet<string>>(NOTHING);
  #query = $state("");
  #chosen = $state<string | null>(null);
  #moves = $state(0);
  #starts = $state(0);

  #words = $derived(wordsOf(this.#query));
  #items = $derived(this.#finder.find(this.#source(), this.#words));
  #rows = $derived<readonly Row[]>(this.#arranged());
  #at = $derived(this.#indexOf(this.#chosen));

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
    const left = recall();
    if (left === null) return;
    this.#grouping = left.grouping;
    this.#collapsed = new Set(left.collapsed);
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

  /** The chosen row; -1 where there is none at all. */
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
    this.#keep();
    this.#restart();
  }

  choose(key: string): void {
    this.#chosen = key;
  }

  /** Stays at the chosen role although others may come before it. */
  hold(): void {
    this.#chosen = this.#rows[this.#at]?.key ?? null;
  }

  /** Moves by so many roles, stopping at either end. */
  move(by: number): void {
    const step = Math.sign(by);
    let at = this.#at;
    for (let left = Math.abs(by); left > 0; left -= 1) {
      let next = at + step;
      for (let row = this.#rows[next]; row && !isStop(row); row = this.#rows[next]) next += step;
      if (!this.#rows[next]) break;
      at = next;
    }
    this.#stopAt(at);
  }

  /** Shows or hides the roles below a heading; a search shows all it finds. */
  toggle(key: string): void {
    const collapsed = new Set(this.#collapsed);
    if (!collapsed.delete(key)) collapsed.add(key);
    this.#collapsed = collapsed;
    this.#keep();
  }

  /** Hides the roles of the chosen one's heading, which is chosen then. Whether there was something to hide. */
  collapse(): boolean {
    if (this.#words.length > 0) return false;
    let at = this.#at;
    while (this.#rows[at]?.kind === "role") at -= 1;
    const heading = this.#rows[at];
    if (!heading || heading.kind === "role" || !heading.open) return false;
    this.toggle(heading.key);
    this.#stopAt(this.#rows.findIndex((row) => row.key === heading.key));
    return true;
  }

  /** Shows the roles of the chosen heading, and chooses the first. Whether there was something to show. */
  expand(): boolean {
    const at = this.#at;
    const heading = this.#rows[at];
    if (!heading || heading.kind === "role" || heading.open) return false;
    this.toggle(heading.key);
    this.#stopAt(at + 1);
    return true;
  }

  /** Collapses every account or environment, or expands all. */
  collapseAll(on: boolean): void {
    const keys = this.#rows.flatMap((row) => (row.kind === "role" || row.kind === "section" ? [] : [row.key]));
    this.#collapsed = on ? new Set([...this.#collapsed, ...keys]) : NOTHING;
    this.#keep();
    this.#restart();
  }

  #keep(): void {
    keep({ grouping: this.#grouping, collapsed: [...this.#collapsed] });
  }

  #stopAt(at: number): void {
    this.#chosen = this.#rows[at]?.key ?? null;
    this.#moves += 1;
  }

  #restart(): void {
    this.#chosen = null;
    this.#starts += 1;
  }

  #source(): readonly Indexed[] {
    const { index } = this.#catalogue;
    switch (this.#tab) {
      case "favourites":
        return index.favourites;
      case "recent":
        return index.recent;
      case "all":
        return this.#words.length > 0 ? index.byRank : index.byName;
    }
  }

  #arranged(): readonly Row[] {
    const grouping = this.#tab === "recent" ? "none" : this.#grouping;
    const isSearch = this.#words.length > 0;
    if (this.#tab === "all") return isSearch ? rowsOfFound(this.#items, grouping) : rowsOfAll(this.#catalogue.index, grouping, this.#collapsed);
    return rowsOfSome(this.#items, grouping, false, isSearch ? NOTHING : this.#collapsed);
  }

  #indexOf(key: string | null): number {
    const find = (wanted: string): number => this.#rows.findIndex((row) => row.key === wanted && isStop(row));
    const at = key === null ? -1 : find(key);
    if (at >= 0) return at;
    // A favourite no more, it is still below its account; and the other way round.
    const plain = key?.startsWith(pinnedKey("")) ? find(key.slice(pinnedKey("").length)) : -1;
    return plain >= 0 ? plain : this.#rows.findIndex(isStop);
  }
}
