// The page over the fake agent, in happy-dom: what is shown, what is asked.
import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import type { Intent } from "../src/ipc/bindings/Intent";
import type { What } from "../src/ipc/bindings/What";
import type { FakeAgent } from "../src/ipc/fake";
import { press, shown } from "./shown";

const card = (phase: string): HTMLElement => {
  const found = screen.getAllByTestId("session-card").find((one) => one.dataset["phase"] === phase);
  if (!found) throw new Error(`no ${phase} card`);
  return found;
};

describe("welcome", () => {
  it("signs in to a running practice organisation with one click", async () => {
    const { agent } = await shown("welcome-practice", "start-url");
    await fireEvent.click(screen.getByTestId("sign-in"));
    await waitFor(() => expect(agent.asked).toEqual([{ kind: "signIn", target: { kind: "named", ssoSession: "practice" }, way: "browser", keep: null }]));
    await screen.findByText("Finish signing in to the practice organisation in your browser.");
  });

  it("starts a practice organisation, signs in to it, and says so to a screen reader", async () => {
    const { agent } = await shown("welcome", "start-url");
    await fireEvent.click(screen.getByTestId("try-practice"));
    await waitFor(() => expect(agent.asked.map((intent) => intent.kind)).toEqual(["practice", "signIn"]));
    expect(await screen.findByTestId("practice-badge", {}, { timeout: 3000 })).toBeTruthy();
    expect(screen.getByTestId("said").textContent).toBe("Signed in to the practice organisation.");
  });

  it("shows a refusal beside the form and keeps what was typed", async () => {
    await shown("welcome", "start-url");
    await fireEvent.input(screen.getByTestId("start-url"), { target: { value: "http://acme.example" } });
    await fireEvent.input(screen.getByTestId("sso-region"), { target: { value: "eu-west-1" } });
    await fireEvent.click(screen.getByTestId("sign-in"));
    expect((await screen.findByTestId("refusal")).textContent).toContain("The start URL does not begin with https://.");
    expect(screen.getByTestId<HTMLInputElement>("start-url").value).toBe("http://acme.example");
  });

  it("fills the form from the AWS config", async () => {
    await shown("welcome-config", "start-url");
    expect(screen.getByTestId<HTMLInputElement>("start-url").value).toBe("https://acme.awsapps.com/start");
    await fireEvent.click(screen.getByText("acme-gov"));
    expect(screen.getByTestId<HTMLInputElement>("sso-region").value).toBe("us-gov-west-1");
  });
});

describe("the role list", () => {
  it("draws only the rows on screen, and says how many there are", async () => {
    await shown("many");
    await screen.findAllByTestId("role-row");
    expect(screen.getAllByTestId("role-row").length).toBeLessThan(60);
    expect(Number(screen.getByTestId("role-list").getAttribute("aria-rowcount"))).toBeGreaterThan(10_000);
  });

  it("finds by words and opens the console with Enter", async () => {
    const { agent } = await shown("main");
    const search = screen.getByTestId("search");
    await fireEvent.input(search, { target: { value: "prod read" } });
    const row = screen.getAllByTestId("role-row")[0];
    expect(row?.dataset).toMatchObject({ account: "111122223333", role: "ReadOnlyAccess" });
    expect(row?.querySelector("mark")?.textContent).toBe("Read");
    await fireEvent.keyDown(search, { key: "Enter" });
    await waitFor(() =>
      expect(agent.asked[0]).toMatchObject({ kind: "request", open: ["console"], request: { duration: 3600, fresh: false, scope: { base: { kind: "wholeRole" } } } }),
    );
  });

  it("marks what was found in every row, and keeps no row of before", async () => {
    await shown("many");
    await screen.findAllByTestId("role-row");
    const marked = (): boolean[] => screen.getAllByTestId("role-row").map((row) => row.querySelector("mark") !== null);
    await fireEvent.input(screen.getByTestId("search"), { target: { value: "developer" } });
    expect(marked()).not.toContain(false);
    await fireEvent.input(screen.getByTestId("search"), { target: { value: "" } });
    expect(marked()).not.toContain(true);
  });

  it("moves by arrow keys past headings", async () => {
    const { face } = await shown("main");
    await waitFor(() => expect(face.list.chosen).not.toBeNull());
    for (let i = 0; i < 3; i += 1) await press("ArrowDown");
    expect(face.list.rows[face.list.at]?.kind).toBe("role");
    expect(screen.getByTestId("role-list").getAttribute("aria-activedescendant")).toBe(`row-${face.list.at}`);
  });

  it("marks a favourite at once", async () => {
    const { agent, face } = await shown("main");
    await waitFor(() => expect(face.list.chosen).not.toBeNull());
    face.list.search("sandbox billing");
    await press("f");
    expect(face.list.chosen).toMatchObject({ role: "BillingViewer", favourite: true });
    await waitFor(() => expect(agent.asked[0]).toMatchObject({ kind: "favourite", on: true }));
    await press("f");
    expect(face.list.chosen).toMatchObject({ role: "BillingViewer", favourite: false });
  });

  it("takes no name for markup", async () => {
    const { agent, face } = await shown("main");
    agent.change((view) => {
      const session = view.sessions[0];
      if (session) session.accountName = "<img src=x onerror=alert(1)>";
    });
    expect(await screen.findByText("<img src=x onerror=alert(1)>")).toBeTruthy();
    expect(document.querySelector("img")).toBeNull();
    expect(face.connected).toBe(true);
  });
});

describe("the request form", () => {
  it("asks for what was chosen", async () => {
    const { agent, face } = await shown("main");
    await waitFor(() => expect(face.list.chosen).not.toBeNull());
    await press("Enter", { shiftKey: true });
    const sheet = within(await screen.findByTestId("request-sheet"));
    await fireEvent.click(sheet.getByLabelText("15 min"));
    await fireEvent.input(sheet.getByTestId("reason"), { target: { value: "TICKET-1" } });
    expect(sheet.getByTestId("submit-request").textContent).toContain("Request for 15 min");
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(screen.queryByTestId("request-sheet")).toBeNull());
    const asked = agent.asked.filter(({ kind }) => kind === "request");
    expect(asked).toMatchObject([{ request: { duration: 900, reason: "TICKET-1", region: "eu-west-1", path: [] } }]);
  });

  it("keeps what was typed when it is refused", async () => {
    const { face } = await shown("main");
    await waitFor(() => expect(face.list.chosen).not.toBeNull());
    await press("Enter", { shiftKey: true });
    const sheet = within(await screen.findByTestId("request-sheet"));
    await fireEvent.click(sheet.getByLabelText("Until…"));
    await fireEvent.input(sheet.getByTestId("duration-typed"), { target: { value: "20 h" } });
    await fireEvent.click(sheet.getByTestId("submit-request"));
    expect((await sheet.findByTestId("refusal")).textContent).toContain("A lease lasts at most 12 h.");
    expect(sheet.getByTestId<HTMLInputElement>("duration-typed").value).toBe("20 h");
  });
});

describe("sessions", () => {
  it("end at once, and say what was wiped and what AWS still accepts", async () => {
    await shown("main");
    const id = card("active").dataset["session"];
    await fireEvent.click(within(card("active")).getByTestId("end"));
    await waitFor(() => {
      const ended = screen.getAllByTestId("session-card").find((one) => one.dataset["session"] === id);
      expect(ended?.textContent).toMatch(/3 pages wiped from memory.*AWS accepts key …7Q2X until (?:\w{3} )?\d\d:\d\d/s);
    });
  });

  it("show a refusal in their own card", async () => {
    const { agent } = await shown("main");
    const live = card("active");
    agent.ask = () => Promise.reject({ code: "noTerminal", fact: "no terminal program was found", advice: "Install one.", action: null });
    await fireEvent.click(within(live).getByTestId("open-terminal"));
    expect((await within(live).findByTestId("refusal")).textContent).toContain("No terminal program was found.");
  });

  it("are all ended by one button", async () => {
    await shown("main");
    await fireEvent.click(screen.getByTestId("end-all"));
    await waitFor(() => {
      const phases = screen.getAllByTestId("session-card").map((one) => one.dataset["phase"]);
      expect(phases).toEqual(["ended", "ended", "ended"]);
    });
    expect(screen.queryByTestId("end-all")).toBeNull();
  });

  it("count down in the card by the second, in the role's row by the minute", async () => {
    const { face } = await shown("main");
    face.list.search("payments-staging developer");
    expect(within(card("active")).getByTestId("countdown").textContent).toMatch(/^42:1\d$/);
    await waitFor(() => expect(screen.getAllByTestId("role-row")[0]?.textContent).toMatch(/42 min/));
  });
});

describe("what may be missing", () => {
  it("says that the agent is gone and keeps the last view", async () => {
    await shown("disconnected");
    expect(await screen.findByText("Reconnecting to the agent…")).toBeTruthy();
    expect(screen.getAllByTestId("session-card").length).toBeGreaterThan(0);
  });

  it("claims no locked memory where protection is missing", async () => {
    await shown("degraded");
    expect(screen.getByText("2 live sessions in memory")).toBeTruthy();
    await fireEvent.click(screen.getByText("2 protections missing"));
    expect(screen.getByText(/Memory could not be locked/)).toBeTruthy();
  });

  it.each([
    ["empty", "No role is assigned to you."],
    ["syncing", "Listing roles: 40 of 71 accounts"],
    ["offline", "AWS cannot be reached."],
    ["lapsed", "Your sign-in to the practice organisation has lapsed."],
    ["partial", "The roles of 3 accounts could not be listed."],
    ["restoring", "Taking up your sign-in to the practice organisation from the keyring."],
    ["keyring", "The system keyring is locked."],
    ["standing", "settings.toml has a mistake, and the settings before it are still used."],
    ["changes", "3 roles came, 1 went"],
    ["resuming-device-code", "Compare the codes."],
  ])("says what to do in the scene “%s”", async (state, words) => {
    await shown(state, "identity");
    expect(await screen.findByText(words, { exact: false })).toBeTruthy();
  });
});

describe("the button of a bad day", () => {
  it.each<[state: string, where: string, button: string, asks: Intent["kind"]]>([
    ["practice-ended", "notice", "Try again", "practice"],
    ["settings-unwritable", "standing", "Try again", "configure"],
    ["standing", "standing", "Sync", "sync"],
    ["offline", "notice", "Try again", "sync"],
    ["sign-in-failed", "notice", "Try again", "signIn"],
    ["not-taken-up", "keyring", "Try again", "keepSignedIn"],
    ["keyring-holds", "keyring", "Take it out", "keepSignedIn"],
  ])("does something in the scene “%s”", async (state, where, button, asks) => {
    const { agent } = await shown(state, state === "sign-in-failed" ? "start-url" : "role-list");
    const [place] = (await screen.findAllByTestId(where)).slice(-1);
    await fireEvent.click(within(place ?? document.body).getByRole("button", { name: button }));
    await waitFor(() => expect(agent.asked.map(({ kind }) => kind)).toContain(asks));
  });

  it("quits where only another start helps, and asks first while sessions are live", async () => {
    const { agent } = await shown("proxy-auth");
    await fireEvent.click(within(await screen.findByTestId("notice")).getByRole("button", { name: "Quit Daypass" }));
    expect(await screen.findByText(/Quitting ends 2 live sessions/)).toBeTruthy();
    expect(agent.asked.map(({ kind }) => kind)).not.toContain("quit");
  });
});

describe("what is wanted from elsewhere", () => {
  const ask = (agent: FakeAgent, count: number, what: What): void =>
    agent.change((view) => { view.desktop = { tray: true, minimised: false, withoutNotifier: false, notifications: [], show: { count, what } }; });

  it("is brought up once, and again when it is wanted again", async () => {
    const { agent, face } = await shown("main");
    ask(agent, 1, { kind: "settings" });
    await waitFor(() => expect(face.settings.part).not.toBeNull());
    await face.settings.close();
    ask(agent, 1, { kind: "settings" });
    expect(face.settings.part).toBeNull();
    ask(agent, 2, { kind: "settings" });
    await waitFor(() => expect(face.settings.part).not.toBeNull());
    ask(agent, 3, { kind: "main" });
    await waitFor(() => expect(face.settings.part).toBeNull());
  });

  it("is the form of a role, if that is in the list", async () => {
    const { agent, face } = await shown("main");
    const entry = face.catalogue.index.byRank[3]?.entry;
    if (!entry) throw new Error("no role");
    const { ssoSession, account, role } = entry;
    ask(agent, 1, { kind: "request", role: { ssoSession, account, role } });
    expect((await screen.findByTestId("request-sheet")).textContent).toContain(role);
    await face.overlays.close();
    ask(agent, 2, { kind: "request", role: { ssoSession, account, role: "Gone" } });
    await waitFor(() => expect(face.settings.part).toBeNull());
    expect(screen.queryByTestId("request-sheet")).toBeNull();
  });
});

describe("leaving", () => {
  const quits = (agent: FakeAgent): number => agent.asked.filter(({ kind }) => kind === "quit").length;

  it("takes a second Ctrl Q while sessions are live, even over a dialog", async () => {
    const { agent } = await shown("main");
    await press("?");
    await press("q", { ctrlKey: true });
    expect((await screen.findByTestId("notice")).textContent).toMatch(/Quitting ends \d live sessions/);
    expect(quits(agent)).toBe(0);
    await press("q", { ctrlKey: true });
    await waitFor(() => expect(quits(agent)).toBe(1));
  });

  it("says where Daypass is once closing has minimised the window", async () => {
    const { agent } = await shown("main");
    expect(screen.queryByTestId("stays")).toBeNull();
    agent.change((view) => { view.desktop = { tray: false, minimised: true, withoutNotifier: false, notifications: [], show: null }; });
    expect((await screen.findByTestId("stays")).textContent).toContain("Daypass stays open");
  });
});
