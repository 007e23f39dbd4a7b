// How the list was left, and that nothing else than that is taken for it.
import { waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { recall } from "../src/lib/left";
import { shown } from "./shown";

describe("a list that was left", () => {
  it("is the same at the next start", async () => {
    const { face: before } = await shown("main");
    before.list.toggle("section Favourites");
    before.list.group("environment");
    before.list.toggle("environment production");
    const { face: after } = await shown("main");
    expect(after.list.grouping).toBe("environment");
    const shut = (): string[] => after.list.rows.filter((row) => row.kind !== "role" && !row.open).map(({ key }) => key);
    await waitFor(() => expect(shut()).toEqual(["section Favourites", "environment production"]));
    after.list.collapseAll(false);
    expect(recall()).toEqual({ grouping: "environment", collapsed: [] });
  });

  it.each(["", "{", "[]", "null", `{"grouping":"colour","collapsed":[]}`, `{"grouping":"account","collapsed":7}`])("is as always where “%s” was kept", (text) => {
    localStorage.setItem("list", text);
    expect(recall()).toBeNull();
  });
});
