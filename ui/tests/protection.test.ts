// The protection page over the fake agent: the kind of memory that is chosen, and what becomes of a refusal.
import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";

import { badCommand } from "../src/ipc/fake-parts";
import { press, shown } from "./shown";

const memory = (): Promise<HTMLSelectElement> => screen.findByTestId("memory");
const choose = async (kind: string): Promise<unknown> => fireEvent.change(await memory(), { target: { value: kind } });

describe("the kind of memory", () => {
  it("is configured alone, and the guards are looked at once more", async () => {
    const { agent, face } = await shown("main");
    const settings = face.settings.now;
    await press("p");
    await screen.findAllByTestId("guard");
    await choose("secret");
    await waitFor(() => expect(agent.asked.map(({ kind }) => kind)).toEqual(["protection", "configure", "protection"]));
    expect(agent.asked[1]).toEqual({ kind: "configure", settings: { ...settings, memory: "secret" } });
    expect((await memory()).value).toBe("secret");
  });

  it("stays as it is when that is refused, and why stands beside it", async () => {
    const { agent } = await shown("main");
    await press("p");
    const field = await memory();
    vi.spyOn(agent, "ask").mockRejectedValue(badCommand);
    await choose("secret");
    expect((await screen.findByTestId("refusal")).textContent).toContain(badCommand.advice);
    expect(field.value).toBe("locked");
  });
});
