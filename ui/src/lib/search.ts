// Finding roles by words, fast enough for every keystroke over 10,000 of them: list and switcher rank alike.
import type { RoleRef } from "../ipc/bindings/RoleRef";
import type { Indexed, Section } from "./catalogue";

export interface Segment {
  readonly text: string;
  readonly hit: boolean;
}

/** Names one role; the same for an entry, a session and a reference. */
export const keyOf = (role: RoleRef): string => `${role.ssoSession}\n${role.account}\n${role.role}`;

/** A query's words, lower-cased, each once. */
export function wordsOf(query: string): string[] {
  return [...new Set(query.toLowerCase().split(/\s+/).filter(Boolean))];
}

/**
 * Finds the items of one list that hold all words: favourites first, then recently used ones, then the rest; in each
 * those whose names begin with the words first; else as the list has them. A longer query looks through the last find only.
 */
export class Finder {
  #list: readonly Indexed[] | null = null;
  #words: readonly string[] = [];
  #held: readonly Indexed[] = [];

  find(list: readonly Indexed[], words: readonly string[]): readonly Indexed[] {
    if (words.length === 0) return list;
    const narrows = list === this.#list && this.#words.every((old) => words.some((word) => word.includes(old)));
    const isFirstLetter = words.length === 1 && words[0]?.length === 1;
    const found = isFirstLetter ? foundByLetter(list, words) : search(narrows ? this.#held : list, words);
    this.#list = list;
    this.#words = words;
    this.#held = found.held;
    return found.ranked;
  }
}

interface FoundRoles {
  /** In the list's order. */
  readonly held: readonly Indexed[];
  readonly ranked: readonly Indexed[];
}

/** What single letters find, kept as long as the list: the first key of a search has the most to look through. */
const byLetter = new WeakMap<readonly Indexed[], Map<string, FoundRoles>>();

function foundByLetter(list: readonly Indexed[], [letter = ""]: readonly string[]): FoundRoles {
  const known = byLetter.get(list) ?? new Map<string, FoundRoles>();
  byLetter.set(list, known);
  const found = known.get(letter) ?? search(list, [letter]);
  known.set(letter, found);
  return found;
}

function search(list: readonly Indexed[], words: readonly string[]): FoundRoles {
  const held = list.filter(({ haystack }) => holdsAll(haystack, words));
  return { held, ranked: ranked(held, words) };
}

const SECTIONS: readonly Section[] = [0, 1, 2];

function ranked(items: readonly Indexed[], words: readonly string[]): readonly Indexed[] {
  const begins = words.map((word) => `\n${word}`);
  const buckets = SECTIONS.map((): [Indexed[], Indexed[], Indexed[]] => [[], [], []]);
  for (const item of items) {
    const bucket = holdsAll(item.haystack, begins) ? 0 : holdsAll(item.parts, begins) ? 1 : 2;
    buckets[item.section]?.[bucket].push(item);
  }
  return buckets.flat(2);
}

function holdsAll(text: string, words: readonly string[]): boolean {
  for (const word of words) if (!text.includes(word)) return false;
  return true;
}

/** The text cut where words match, so that matches can be marked. */
export function segments(text: string, words: readonly string[]): Segment[] {
  const lower = text.toLowerCase();
  if (words.length === 0 || lower.length !== text.length) return [{ text, hit: false }];
  const hits = new Uint8Array(text.length);
  for (const word of words) {
    for (let at = lower.indexOf(word); at >= 0; at = lower.indexOf(word, at + 1)) {
      hits.fill(1, at, at + word.length);
    }
  }
  const cut: Segment[] = [];
  for (let from = 0; from < text.length; ) {
    let to = from + 1;
    while (to < text.length && hits[to] === hits[from]) to += 1;
    cut.push({ text: text.slice(from, to), hit: hits[from] === 1 });
    from = to;
  }
  return cut;
}
