// Searching before anybody types, so that the first key is nearly as quick as the others: a text is put together when it is
// first looked through, and a loop is compiled when it has run for a while.
import type { Index } from "./catalogue";
import { rowsOfSome } from "./rows";
import { Finder } from "./search";
import { offsetsOf } from "./virtual";

/** Many names hold them. */
const LETTERS = "aeinorst";
/** Between two letters a key may come. */
const REST = 30;

export async function rehearse(index: Index): Promise<void> {
  const finder = new Finder();
  for (const letter of LETTERS) {
    await new Promise((done) => setTimeout(done, REST));
    offsetsOf(rowsOfSome(finder.find(index.byRank, [letter]), "account", true, new Set()));
  }
}
