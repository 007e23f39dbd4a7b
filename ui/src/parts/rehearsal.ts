// Typing into a list that nobody sees, so that the engine has made the rows' code fast before a person types.
import { flushSync, mount, unmount } from "svelte";

import type { Face } from "../state/face.svelte";
import { RoleList } from "../state/list.svelte";
import RoleGrid from "./RoleGrid.svelte";

/** Until whatever else the window does at its start is done. */
const QUIET = 1_000;
/** Between two keys a person's may come. */
const REST = 30;
const WORDS = ["staging", "prod", "admin", "read"];
const ROUNDS = 2;

/** Ends by itself, or when what it gives is called. */
export function rehearseTyping(face: Face): () => void {
  const list = new RoleList(face.catalogue);
  const queries = Array.from({ length: ROUNDS }, () => WORDS.flatMap((word) => [1, 2, 3, 0].map((letters) => word.slice(0, letters)))).flat();
  let grid: Record<string, unknown> | null = null;
  let timer = setTimeout(next, QUIET);
  function next(): void {
    const query = queries.shift();
    if (query === undefined) return end();
    grid ??= mount(RoleGrid, { target: document.createElement("div"), props: { face, list } });
    flushSync(() => list.search(query));
    timer = setTimeout(next, REST);
  }
  function end(): void {
    clearTimeout(timer);
    if (grid) void unmount(grid);
    grid = null;
  }
  return end;
}
