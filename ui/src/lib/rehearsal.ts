// Searching before anybody types, so that the first key is as quick as the others: what a letter finds, and its rows,
// are kept with the list.
import type { Index } from "./catalogue";
import { rowsOfFound } from "./rows";
import { Finder } from "./search";
import { offsetsOf } from "./virtual";

/** Those that many names begin with come first. */
const LETTERS = "aspdrcebmilftongvwuhkqxyjz0123456789";
/** Between two letters a key may come. */
const REST = 30;

export async function rehearse(index: Index, isCurrent: () => boolean): Promise<void> {
  const finder = new Finder();
  for (const letter of LETTERS) {
    await new Promise((done) => setTimeout(done, REST));
    if (!isCurrent()) return;
    offsetsOf(rowsOfFound(finder.find(index.byRank, [letter]), "account"));
  }
}
