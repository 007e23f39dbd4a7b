// Chained roles and the organisation's file in the settings.
import { fireEvent, screen, waitFor, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";

import { changedChain, NEW_CHAIN, servesWords, takesWords, withChain, withoutChain } from "../src/lib/chains";
import { someSettings } from "../src/ipc/fake-parts";
import { press, shown } from "./shown";

const ARN = "arn:aws:iam::{account}:role/daypass/Mine";
const CHAIN = { ...NEW_CHAIN, name: "Mine", arn: ARN };

async function part(name: string) {
  const { agent, face } = await shown("main");
  await press(",", { ctrlKey: true });
  const settings = within(await screen.findByTestId("settings"));
  await fireEvent.click(settings.getByText(name));
  const type = async (id: string, value: string): Promise<void> => {
    await fireEvent.input(settings.getByTestId(id), { target: { value } });
    await fireEvent.keyDown(settings.getByTestId(id), { key: "Enter" });
  };
  return { agent, face, settings, type };
}

describe("chained roles", () => {
  it("are added, changed and removed one at a time", async () => {
    const { face, settings, type } = await part("Chained roles");
    await type("new-chain-name", "Mine");
    await fireEvent.input(settings.getByTestId("new-chain-arn"), { target: { value: "Mine" } });
    await fireEvent.click(settings.getByTestId("add-chain"));
    expect((await settings.findByTestId("refusal")).textContent).toContain("not named as an ARN");
    await fireEvent.input(settings.getByTestId("new-chain-arn"), { target: { value: ARN } });
    await fireEvent.click(settings.getByTestId("add-chain"));
    await settings.findByTestId("chained-role-setting");
    await type("chain-external-id", "a");
    expect((await settings.findByTestId("refusal")).textContent).toContain("That is not an external ID");
    await type("chain-external-id", "acme-2026");
    await type("chain-from-role", "Developer*");
    await fireEvent.click(settings.getByTestId("chain-tags"));
    await waitFor(() => expect(face.settings.now?.chainedRoles).toEqual([{ ...CHAIN, externalId: "acme-2026", fromRole: "Developer*", takesTags: true }]));
    await fireEvent.click(settings.getByTestId("remove-chain"));
    await waitFor(() => expect(face.settings.now?.chainedRoles).toEqual([]));
    await fireEvent.click(await screen.findByText("Undo"));
    await waitFor(() => expect(face.settings.now?.chainedRoles).toHaveLength(1));
  });

  it("hand out credentials for as long at a time as is chosen", async () => {
    const { face, settings } = await part("Leases");
    const choice = settings.getByTestId<HTMLSelectElement>("chained-credentials");
    expect([...choice.options].map((option) => option.textContent)).toEqual(["20 min", "30 min", "45 min", "1 h"]);
    expect(choice.value).toBe("1800");
    await fireEvent.change(choice, { target: { value: "2700" } });
    await waitFor(() => expect(face.settings.now?.chainedCredentials).toBe(2700));
  });

  it("known from elsewhere are shown with where from, and cannot be changed", async () => {
    const { settings } = await part("Chained roles");
    const others = within(await settings.findByTestId("brought-chains"));
    expect(others.getByText("your organisation")).toBeTruthy();
    expect(others.getByText("from Administrator* in *-prod · takes neither tags nor source identity · external ID acme-audit")).toBeTruthy();
    expect(others.queryByRole("textbox")).toBeNull();
  });

  it("stay where another window put them", () => {
    const other = { ...CHAIN, name: "Other" };
    const settings = withChain(withChain(someSettings(), CHAIN), other, 0);
    expect(changedChain(settings, CHAIN, 0, { name: "New" }).chainedRoles.map(({ name }) => name)).toEqual(["Other", "New"]);
    expect(withoutChain(settings, CHAIN, 0).chainedRoles).toEqual([other]);
    expect(withoutChain(settings, { ...CHAIN, name: "Gone" }, 0)).toBe(settings);
    expect(servesWords(CHAIN)).toBe("from any role");
    expect(takesWords({ takesTags: true, takesSourceIdentity: true })).toBe("takes session tags and a source identity");
  });
});

describe("the organisation's file", () => {
  it("is named, and told with what it brings", async () => {
    const { face, settings, type } = await part("Organisation");
    await type("organisation-file", "/srv/acme/organisation.toml");
    await waitFor(() => expect(face.settings.now?.organisationFile).toBe("/srv/acme/organisation.toml"));
    const brings = (await settings.findByTestId("organisation")).textContent;
    for (const words of ["1 chained role", "1 preset", "Replay audit logs", "IncidentResponder in any account", "1 h at most, asks for a reason", "*-prod", "production"]) {
      expect(brings).toContain(words);
    }
  });

  it("says that it is broken where it is", async () => {
    const { agent, settings } = await part("Organisation");
    agent.change((view) => {
      view.standing = [{ code: "organisationBroken", fact: "your organisation's file could not be understood", advice: "Tell your administrator.", action: null }];
    });
    expect((await settings.findByTestId("organisation-broken")).textContent).toContain("could not be understood");
  });
});
