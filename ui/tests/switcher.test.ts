// The switcher's own window over the fake agent: what it asks, what it wishes, and that it begins anew.
import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { fakeAgent, type FakeAgent } from "../src/ipc/fake";
import { Face } from "../src/state/face.svelte";
import SwitcherWindow from "../src/SwitcherWindow.svelte";
import { shown as mainWindow } from "./shown";

async function shown(): Promise<FakeAgent> {
  const agent = fakeAgent(new URLSearchParams({ state: "main" }));
  render(SwitcherWindow, { face: new Face(agent) });
  await waitFor(() => expect(document.querySelectorAll(".hit").length).toBeGreaterThan(3));
  return agent;
}

const field = (): HTMLInputElement => screen.getByRole("combobox");
const press = (key: string, change: KeyboardEventInit = {}): Promise<unknown> => fireEvent.keyDown(field(), { key, ...change });

async function find(words: string): Promise<{ account: string; role: string }> {
  await fireEvent.input(field(), { target: { value: words } });
  const hit = await waitFor(() => {
    const on = document.querySelector<HTMLElement>(".hit.on");
    if (!on) throw new Error(`nothing is found for ${words}`);
    return on;
  });
  return { account: hit.dataset["account"] ?? "", role: hit.dataset["role"] ?? "" };
}

describe("the switcher's window", () => {
  it.each([["console", {}], ["terminal", { ctrlKey: true }]] as const)("asks for the %s of what was found, and goes away", async (open, keys) => {
    const agent = await shown();
    const role = await find("staging dev");
    await press("Enter", keys);
    await waitFor(() => expect(agent.asked).toMatchObject([{ kind: "request", request: { role }, open: [open] }]));
    expect(agent.wished).toEqual([{ kind: "hideSwitcher" }]);
  });

  it("has the main window show the request form", async () => {
    const agent = await shown();
    const role = await find("staging dev");
    await press("Enter", { shiftKey: true });
    await waitFor(() => expect(agent.wished).toMatchObject([{ kind: "show", what: { kind: "request", role } }]));
    expect(agent.asked).toEqual([]);
  });

  it("leaves to the main window what is wanted of that", async () => {
    const agent = await shown();
    const role = await find("staging dev");
    agent.change((view) => {
      const [ssoSession] = view.ssoSessions;
      if (!ssoSession || !view.desktop) throw new Error("no desktop");
      view.desktop.show = { count: 1, what: { kind: "request", role: { ssoSession: ssoSession.name, ...role } } };
    });
    await fireEvent.keyDown(field(), { key: "Escape" });
    await waitFor(() => expect(agent.wished).toEqual([{ kind: "hideSwitcher" }]));
  });

  it("goes away on Esc, and is empty when it comes back", async () => {
    const agent = await shown();
    await find("staging dev");
    await fireEvent.keyDown(field(), { key: "Escape" });
    await waitFor(() => expect(agent.wished).toEqual([{ kind: "hideSwitcher" }]));
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    await fireEvent(document, new Event("visibilitychange"));
    Object.defineProperty(document, "visibilityState", { value: "visible", configurable: true });
    await waitFor(() => expect(field().value).toBe(""));
    await fireEvent(document, new Event("visibilitychange"));
    expect(document.activeElement).toBe(field());
    expect(document.querySelector(".hit.on")?.id).toBe("hit-0");
  });

  it("finds role, account, id and environment in any order", async () => {
    await shown();
    const wanted = await find("payments-staging dev");
    for (const words of ["dev payments-staging", `${wanted.account} dev`, `dev ${wanted.account.slice(0, 6)} staging`]) {
      expect(await find(words)).toEqual(wanted);
    }
  });
});

describe("the switcher over the main window", () => {
  it.each(["prod", "read", "access dev", "1212"])("finds for “%s” what the list finds, in its order", async (words) => {
    const { face } = await mainWindow("main");
    face.list.group("none");
    face.list.search(words);
    face.overlays.open({ kind: "switcher" });
    await fireEvent.input(await screen.findByLabelText("Find a role"), { target: { value: words } });
    const listed = face.list.rows.flatMap((row) => (row.kind === "role" ? [`${row.item.entry.role}@${row.item.entry.account}`] : []));
    await waitFor(() => {
      const hits = [...document.querySelectorAll<HTMLElement>(".hit")].map(({ dataset }) => `${dataset["role"]}@${dataset["account"]}`);
      expect(hits.length).toBe(Math.min(9, listed.length));
      expect(hits).toEqual(listed.slice(0, hits.length));
    });
    expect(listed.length).toBeGreaterThan(1);
  });
});
