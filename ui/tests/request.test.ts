// The request form: what of a role, which way to it, and what is said before anything is sent.
import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import type { Options } from "../src/ipc/bindings/Options";
import type { Preset } from "../src/ipc/bindings/Preset";
import type { RoleEntry } from "../src/ipc/bindings/RoleEntry";
import type { SessionRequest } from "../src/ipc/bindings/SessionRequest";
import type { SessionView } from "../src/ipc/bindings/SessionView";
import type { FakeAgent } from "../src/ipc/fake";
import { aSession } from "../src/ipc/fake-parts";
import { draftOf, mistakeIn, requestOf, scopeWords, tagValue, WHOLE_ROLE, type Draft } from "../src/lib/scope";
import { press, shown } from "./shown";

const ROLE = { ssoSession: "acme", account: "111122223333", role: "Admin" };
const DRAFT: Draft = {
  seconds: 900, reason: "", region: "", kind: "wholeRole", preset: "s3-bucket", values: {}, grants: null, services: "", policies: "", policy: "",
  onlyRegions: "", onlyFrom: "", untilLeaseEnd: false, hops: [], sessionName: "", sourceIdentity: "", tags: [],
};
const LOOK = { id: "look", label: "Look", actions: ["s3:List*"], resources: ["*"], conditions: {}, default: true };
const TWICE: Preset = { id: "twice", title: "Twice", about: "a preset named twice", parameters: [], grants: [LOOK, LOOK] };
const ARN = "arn:aws:iam::111122223333:role/daypass/Scoped";

async function form(offered: Partial<Options> = {}) {
  const { agent, face } = await shown("main");
  agent.offers(offered);
  await waitFor(() => expect(face.list.chosen).not.toBeNull());
  await press("Enter", { shiftKey: true });
  const sheet = within(await screen.findByTestId("request-sheet"));
  await waitFor(() => expect(sheet.getByTestId<HTMLSelectElement>("chained-role").options.length).toBeGreaterThan(2));
  return { agent, sheet };
}

const asked = (agent: FakeAgent): SessionRequest | undefined =>
  agent.asked.flatMap((intent) => (intent.kind === "request" ? [intent.request] : []))[0];

const type = (field: HTMLElement, value: string): Promise<boolean> => fireEvent.input(field, { target: { value } });

describe("a draft", () => {
  it("makes the request it was made from", () => {
    const request: SessionRequest = {
      ...requestOf(DRAFT, ROLE),
      reason: "why",
      scope: { base: { kind: "services", services: ["s3", "logs"] }, policies: ["arn:aws:iam::aws:policy/A"], regions: ["eu-west-1"], addresses: ["203.0.113.0/24"], untilLeaseEnd: true },
      path: [{ role: ARN, externalId: "x1" }, { role: `${ARN}2`, externalId: null }],
      labels: { sessionName: "dana", tags: [{ key: "a", value: "b", transitive: true }], sourceIdentity: "dana" },
    };
    expect(requestOf({ ...DRAFT, ...draftOf(request) }, ROLE)).toEqual(request);
  });

  it("is refused with a sentence for what it has wrong", () => {
    const wrong: [Partial<Draft>, RegExp][] = [
      [{ seconds: null }, /length of time/],
      [{ onlyRegions: "eu-west-1 Ireland" }, /Region/],
    ];
    for (const [change, words] of wrong) expect(mistakeIn({ ...DRAFT, ...change })?.fact).toMatch(words);
    expect(mistakeIn(DRAFT)).toBeNull();
  });

  it("is told in a few words", () => {
    expect(scopeWords(WHOLE_ROLE)).toBe("whole role");
    const base = { kind: "preset", preset: "s3-bucket", values: { bucket: "acme", prefix: "" }, grants: null } as const;
    expect(scopeWords({ ...WHOLE_ROLE, base: { ...base, values: { ...base.values } }, untilLeaseEnd: true })).toBe("s3-bucket acme · until its end");
    expect(tagValue("INC-42 <b>why?</b>")).toBe("INC-42  b why  /b");
  });
});

describe("the request form", () => {
  it("takes one bucket through the organisation's role, and shows the policy", async () => {
    const { agent, sheet } = await form();
    await fireEvent.click(sheet.getByText("Only one…"));
    expect(sheet.getByTestId<HTMLSelectElement>("chained-role").selectedOptions[0]?.textContent).toBe("Narrowed · your organisation");
    await fireEvent.change(sheet.getByTestId("preset"), { target: { value: "s3-bucket" } });
    await type(sheet.getByTestId("preset-bucket"), "acme-audit-logs");
    await fireEvent.click(sheet.getByLabelText("Put"));
    await waitFor(() => expect(sheet.getByTestId("policy").textContent).toContain("arn:aws:s3:::acme-audit-logs/*"));
    expect(sheet.getByTestId("policy-size").textContent).toMatch(/^\d+ of 2,048 characters$/);
    await type(sheet.getByTestId("probe-action"), "s3:DeleteObject");
    await waitFor(() => expect(sheet.getByTestId("verdict").dataset["verdict"]).toBe("notAllowed"));
    await type(sheet.getByTestId("reason"), "TICKET-1");
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(screen.queryByTestId("request-sheet")).toBeNull());
    expect(asked(agent)).toMatchObject({
      scope: { base: { kind: "preset", preset: "s3-bucket", values: { bucket: "acme-audit-logs" }, grants: ["list", "get", "put"] } },
      path: [{ role: expect.stringMatching(/:role\/daypass\/Daypass-Scoped$/) as string, externalId: null }],
      labels: { sourceIdentity: "dana@example.com", tags: [{ key: "Reason", value: "TICKET-1", transitive: false }] },
    });
    await screen.findByText("s3-bucket acme-audit-logs");
  });

  it("says where a policy is no JSON, and what needs a chained role", async () => {
    const { sheet } = await form();
    await fireEvent.click(sheet.getByText("Custom…"));
    await type(sheet.getByTestId("scope-policy"), "{");
    expect((await sheet.findByTestId("policy-mistake")).textContent).toMatch(/no JSON \(line 1, column 1\)/);
    await fireEvent.change(sheet.getByTestId("chained-role"), { target: { value: "" } });
    expect(sheet.getByTestId("needs-chain")).toBeTruthy();
    await fireEvent.click(sheet.getByTestId("submit-request"));
    expect((await sheet.findByTestId("refusal")).textContent).toContain("always the whole role");
  });

  it("offers the nearest duration that is allowed", async () => {
    const { sheet } = await form();
    await fireEvent.click(sheet.getByLabelText("Until…"));
    await type(sheet.getByTestId("duration-typed"), "20 h");
    await fireEvent.click(await sheet.findByRole("button", { name: "Shorten to 12 h" }));
    expect(sheet.getByTestId("submit-request").textContent).toContain("Request for 12 h");
  });

  it("offers no longer than the organisation allows", async () => {
    const { sheet } = await form({ longest: 1800 });
    await waitFor(() => expect(sheet.getByTestId("duration").textContent.match(/[^ ]+ (h|min)/g)).toEqual(["15 min", "30 min"]));
    expect(sheet.getByText("Your organisation allows 30 min at most.")).toBeTruthy();
  });

  it("opens where one key asks for a role that needs a reason", async () => {
    const { agent, face } = await shown("main");
    const hit = await waitFor(() => face.catalogue.index.byRank.find(({ entry }) => entry.role === "IncidentResponder") ?? Promise.reject(new Error("no such role")));
    expect(await face.use(hit.entry, "console")).toBe(false);
    const sheet = within(await screen.findByTestId("request-sheet"));
    await waitFor(() => expect(sheet.getByText("your organisation asks for it")).toBeTruthy());
    expect(face.toasts.list).toEqual([]);
    await type(sheet.getByTestId("reason"), "INC-42");
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(agent.asked.flatMap((intent) => (intent.kind === "request" ? [intent.request.reason] : []))).toEqual([null, "INC-42"]));
  });

  it("goes through several roles, and says who they are", async () => {
    const { agent, sheet } = await form();
    await fireEvent.click(sheet.getByText("Read only"));
    await fireEvent.click(sheet.getByTestId("add-hop"));
    await type(sheet.getByTestId("chained-arn-2"), ARN);
    await type(sheet.getByTestId("external-id-2"), "acme-2");
    await fireEvent.click(sheet.getByTestId("add-hop"));
    await fireEvent.change(sheet.getByTestId("chained-role-3"), { target: { value: sheet.getByTestId<HTMLSelectElement>("chained-role").options[2]?.value } });
    expect(sheet.getByTestId<HTMLInputElement>("external-id-3").value).toBe("acme-audit");
    expect(sheet.getByTestId<HTMLInputElement>("source-identity").value, "a role is on the way that may not take it").toBe("");
    await fireEvent.click(sheet.getByTestId("leave"));
    expect(sheet.queryByTestId("chained-role-2"), "without the first there is no way").toBeNull();
    await fireEvent.click(sheet.getByText("Services…"));
    await fireEvent.click(sheet.getByTestId("add-hop"));
    await type(sheet.getByTestId("chained-arn-2"), ARN);
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(asked(agent)?.path).toMatchObject([{ role: expect.stringMatching(/Scoped$/) as string }, { role: ARN, externalId: null }]));
  });

  it("offers what was used last again, as it was", async () => {
    const last: SessionRequest = {
      ...requestOf({ ...DRAFT, seconds: 1200, reason: "INC-42", hops: [{ role: ARN, externalId: "acme-2026" }], sessionName: "dana-replay" }, ROLE),
      scope: { ...WHOLE_ROLE, base: { kind: "services", services: ["s3", "logs"] }, untilLeaseEnd: true },
    };
    const { agent, sheet } = await form({ last });
    expect(sheet.getByText(/^Last time: s3, logs · until its end\./)).toBeTruthy();
    await fireEvent.click(sheet.getByTestId("as-last"));
    expect(sheet.getByTestId("submit-request").textContent).toContain("Request for 20 min");
    await fireEvent.click(sheet.getByTestId("submit-request"));
    const { duration, reason, scope, path, labels } = last;
    await waitFor(() => expect(asked(agent)).toMatchObject({ duration, reason, scope, path, labels }));
  });

  it("says how full tags are, which of them stay, and takes the reason along unless told otherwise", async () => {
    const { agent, sheet } = await form();
    await fireEvent.change(sheet.getByTestId("chained-role"), { target: { value: sheet.getByTestId<HTMLSelectElement>("chained-role").options[1]?.value } });
    await type(sheet.getByTestId("reason"), "INC-42");
    await fireEvent.click(sheet.getByTestId("add-tag"));
    await type(sheet.getByLabelText("Key"), "Ticket");
    await type(sheet.getByLabelText("Value"), "OPS-7");
    await fireEvent.click(sheet.getByLabelText("transitive"));
    await waitFor(() => expect(sheet.getByTestId("packed-size").textContent).toContain("22 %"));
    await fireEvent.click(sheet.getByLabelText("Reason: INC-42"));
    await waitFor(() => expect(sheet.getByTestId("packed-size").textContent).toContain("11 %"));
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(asked(agent)?.labels.tags).toEqual([{ key: "Ticket", value: "OPS-7", transitive: true }]));
  });

  it("says that the role has to allow it, too, where the scope lets something pass", async () => {
    const { agent, sheet } = await form();
    await fireEvent.click(sheet.getByText("Read only"));
    agent.says({ verdict: "passes" });
    await type(await sheet.findByTestId("probe-action"), "s3:GetObject");
    await waitFor(() => expect(sheet.getByTestId("verdict").textContent).toBe("The scope lets it pass. The role has to allow it, too."));
  });

  it("stands whatever is named twice", async () => {
    const chain = { name: "Twice", role: ARN, externalId: null, takesTags: true, takesSourceIdentity: true, source: "settings" } as const;
    const { agent, sheet } = await form({ chains: [chain, { ...chain, source: "organisation" }], presets: [TWICE, TWICE], organisationPresets: [] });
    agent.says({ policyArns: [ARN, ARN] });
    await fireEvent.click(sheet.getByText("Only one…"));
    await waitFor(() => expect(sheet.getByTestId("policy").textContent).toContain(`${ARN}\n${ARN}`));
    expect(sheet.getAllByText(/^Twice · /)).toHaveLength(2);
    expect(sheet.getAllByLabelText("Look")).toHaveLength(2);
  });

  it("becomes a card with both clocks: the lease's and AWS's", async () => {
    const { agent, face } = await shown("main");
    await waitFor(() => expect(face.list.chosen).not.toBeNull());
    const now = new Date().setHours(12, 0, 0, 0);
    const session = aSession(face.list.chosen as RoleEntry, now, { leaseEnd: now + 3 * 3_600_000, expiration: now + 1_800_000, path: [{ role: ARN, externalId: null }] });
    agent.change((view) => (view.sessions = [session]));
    const card = within(await screen.findByTestId("session-card"));
    expect(card.getByTestId("aws-until").textContent).toBe("AWS until 12:30");
    expect(card.getByText("via Scoped")).toBeTruthy();
    expect(card.getByTestId("countdown")).toBeTruthy();
  });

  it("begins with what AWS refused, to be asked for otherwise", async () => {
    const { agent, face } = await shown("main");
    await waitFor(() => expect(face.list.chosen).not.toBeNull());
    const entry = face.list.chosen as RoleEntry;
    const refused: SessionView = aSession(entry, Date.now(), {
      phase: "failed", leaseEnd: null, expiration: null, reason: "TICKET-1", duration: 900,
      scope: { ...WHOLE_ROLE, base: { kind: "services", services: ["s3", "logs"] }, addresses: ["203.0.113.0/24"], untilLeaseEnd: true },
      path: [{ role: ARN, externalId: "wrong" }, { role: `${ARN}2`, externalId: null }],
      labels: { sessionName: "dana-replay", tags: [{ key: "Ticket", value: "OPS-7", transitive: true }], sourceIdentity: "dana" },
      failure: { code: "chainRefused", fact: "the chained role does not let this session in", advice: "Its trust policy has to name the role before it.", action: null },
    });
    agent.change((view) => (view.sessions = [refused]));
    const card = within(await screen.findByTestId("session-card"));
    await fireEvent.click(card.getByTestId("change"));
    const sheet = within(await screen.findByTestId("request-sheet"));
    expect(sheet.getByTestId("asked-before").textContent).toContain("does not let this session in");
    await type(sheet.getByTestId("external-id"), "acme-2026");
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(screen.queryByTestId("request-sheet")).toBeNull());
    const { duration, reason, region, scope, path, labels } = refused;
    expect(asked(agent)).toMatchObject({ duration, reason, region, scope, labels, path: [{ role: ARN, externalId: "acme-2026" }, path[1]] });
    await waitFor(() => expect(agent.asked.at(-1)).toEqual({ kind: "dismiss", session: refused.session }));
  });

  it("keeps a request as a pass, to be taken with one press", async () => {
    const { agent, sheet } = await form();
    await fireEvent.click(sheet.getByText("Read only"));
    await fireEvent.click(sheet.getByTestId("as-pass"));
    await type(sheet.getByTestId("pass-name"), "Look around");
    await fireEvent.click(sheet.getByTestId("save-pass"));
    await fireEvent.click(await screen.findByTestId("take-pass"));
    await waitFor(() => expect(agent.asked.at(-1)).toEqual({ kind: "takePass", name: "Look around" }));
    await fireEvent.click(screen.getByTestId("remove-pass"));
    await waitFor(() => expect(screen.queryByTestId("passes")).toBeNull());
  });
});
