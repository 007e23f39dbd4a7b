// AWS's limits in the request form: each is said before anything is sent, with the nearest that is allowed as a button.
import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import type { Field } from "../src/ipc/bindings/Field";
import type { Limit } from "../src/ipc/bindings/Limit";
import type { Preview } from "../src/ipc/bindings/Preview";
import type { SessionRequest } from "../src/ipc/bindings/SessionRequest";
import type { FakeAgent } from "../src/ipc/fake";
import table from "../src/ipc/limits.json";
import { sentence } from "../src/lib/format";
import { press, shown } from "./shown";

async function form(): Promise<{ agent: FakeAgent; sheet: ReturnType<typeof within> }> {
  const { agent, face } = await shown("main");
  await waitFor(() => expect(face.list.chosen).not.toBeNull());
  await press("Enter", { shiftKey: true });
  const sheet = within(await screen.findByTestId("request-sheet"));
  await waitFor(() => expect(sheet.getByTestId<HTMLSelectElement>("chained-role").options.length).toBeGreaterThan(2));
  await fireEvent.change(sheet.getByTestId("chained-role"), { target: { value: "typed" } });
  return { agent, sheet };
}

type Sheet = Awaited<ReturnType<typeof form>>["sheet"];

/** Where each text is typed. */
const FIELDS = {
  roleArn: (sheet) => sheet.getByTestId("chained-arn"),
  externalId: (sheet) => sheet.getByTestId("external-id"),
  sessionName: (sheet) => sheet.getByTestId("session-name"),
  sourceIdentity: (sheet) => sheet.getByTestId("source-identity"),
  tagKey: (sheet) => sheet.getByLabelText("Key"),
  tagValue: (sheet) => sheet.getByLabelText("Value"),
  policyArn: (sheet) => sheet.getByTestId("scope-policies"),
  service: (sheet) => sheet.getByTestId("scope-services"),
  addresses: (sheet) => sheet.getByTestId("only-from"),
} as const satisfies Record<Field, (sheet: Sheet) => HTMLElement>;

/** What brings the field up. */
const BEFORE: Partial<Record<Field, (sheet: Sheet) => HTMLElement>> = {
  tagKey: (sheet) => sheet.getByTestId("add-tag"),
  tagValue: (sheet) => sheet.getByTestId("add-tag"),
  policyArn: (sheet) => sheet.getByText("Policies…"),
  service: (sheet) => sheet.getByText("Services…"),
};

const type = (field: HTMLElement, value: string): Promise<boolean> => fireEvent.input(field, { target: { value } });
const values = (field: Field): { text: string; limit: Limit }[] =>
  table.texts.filter((row) => row.field === field).map(({ text, limit }) => ({ text, limit: limit as Limit }));

describe("a text beyond a limit of AWS's", () => {
  it.each(Object.keys(FIELDS) as Field[])("is said, and mended by a button: %s", async (name) => {
    const { agent, sheet } = await form();
    const before = BEFORE[name]?.(sheet);
    if (before) await fireEvent.click(before);
    if (name === "tagValue") await type(sheet.getByLabelText("Key"), "Ticket");
    const field = FIELDS[name](sheet) as HTMLInputElement;
    expect(values(name).length).toBeGreaterThan(0);
    for (const { text, limit } of values(name)) {
      await type(field, text);
      if (limit.instead) {
        await fireEvent.click(await sheet.findByRole("button", { name: limit.instead.words }));
        expect(field.value).toBe(limit.instead.text);
        await waitFor(() => expect(sheet.queryByTestId("limit")).toBeNull());
      } else {
        await fireEvent.click(sheet.getByTestId("submit-request"));
        await waitFor(() => expect(sheet.getByTestId("refusal").textContent).toContain(sentence(limit.failure.fact)));
      }
    }
    expect(agent.asked.some(({ kind }) => kind === "request"), "nothing was sent").toBe(false);
  });
});

describe("a request beyond a limit of AWS's", () => {
  const rows = table.requests as (Pick<Preview, "refused" | "warned" | "nearest"> & { request: SessionRequest })[];
  it.each(rows.map((row) => [(row.refused ?? row.warned)?.code, row] as const))("is said, and mended by a button: %s", async (code, { refused, warned, nearest }) => {
    const { agent, sheet } = await form();
    agent.says({ refused, warned, nearest });
    await type(sheet.getByTestId("reason"), "INC-42");
    const limit = await sheet.findByTestId("limit");
    expect(limit.dataset["code"]).toBe(code);
    expect(limit.textContent).toContain(sentence((refused ?? warned)?.fact ?? ""));
    await fireEvent.click(within(limit).getByRole("button", { name: nearest?.words ?? "" }));
    agent.says({ refused: null, warned: null, nearest: null });
    await fireEvent.click(sheet.getByTestId("submit-request"));
    await waitFor(() => expect(screen.queryByTestId("request-sheet")).toBeNull());
    const sent = agent.asked.find((intent) => intent.kind === "request")?.request;
    const { duration, reason, scope, path, labels } = nearest?.request ?? {};
    expect(sent).toMatchObject({ duration, reason, scope, path, labels });
  });
});
