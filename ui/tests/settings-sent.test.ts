// The settings in the window, one after the other: each is changed as a person does, and what is sent has just that change.
import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, it } from "vitest";

import type { Settings } from "../src/ipc/bindings/Settings";
import type { Part } from "../src/state/settings.svelte";
import { shown } from "./shown";

type Change = (settings: Settings) => Settings;

const clearing = (change: Partial<Settings["clearing"]>): Change => (all) => ({ ...all, clearing: { ...all.clearing, ...change } });
const firstSso = (change: Partial<Settings["ssoSessions"][number]>): Change => (all) =>
  ({ ...all, ssoSessions: all.ssoSessions.map((sso) => (sso.name === "initech" ? { ...sso, ...change } : sso)) });
const firstRule = (change: Partial<Settings["accounts"][number]>): Change => (all) =>
  ({ ...all, accounts: all.accounts.map((rule, i) => (i === 0 ? { ...rule, ...change } : rule)) });

/** `true` and `false` are for a box to tick. */
const CASES: readonly (readonly [part: Part, testid: string, value: string | boolean, change: Change])[] = [
  ["programs", "terminal-command", "xterm -e %s", (all) => ({ ...all, terminal: "xterm -e %s" })],
  ["programs", "browser-command", "firefox -P work", (all) => ({ ...all, browser: "firefox -P work" })],
  ["leases", "default-duration", "45 min", (all) => ({ ...all, duration: 2700 })],
  ["leases", "default-region", "ap-south-1", (all) => ({ ...all, region: "ap-south-1" })],
  ["leases", "clear-sleep", false, clearing({ sleep: false })],
  ["leases", "clear-user-switch", false, clearing({ userSwitch: false })],
  ["leases", "clear-screen-lock", "atOnce", clearing({ screenLock: "atOnce" })],
  ["leases", "clear-idle", "900", clearing({ idle: 900 })],
  ["signIn", "sso-colour", "teal", firstSso({ colour: "teal" })],
  ["signIn", "sso-way", "deviceCode", firstSso({ way: "deviceCode" })],
  ["accounts", "rule-duration", "2 h", firstRule({ duration: 7200 })],
  ["accounts", "rule-region", "eu-west-3", firstRule({ region: "eu-west-3" })],
  ["accounts", "rule-environment", "staging", firstRule({ environment: "staging" })],
];

it.each(CASES)("in “%s” the setting “%s” is sent as it was set, and nothing else changes", async (part, testid, value, change) => {
  const { agent, face } = await shown("settings", "settings");
  face.settings.open(part);
  const before = structuredClone(face.view?.settings);
  if (!before) throw new Error("no settings");
  const field = (await screen.findAllByTestId(testid)).find((one) => testid.startsWith("sso-") ? one.closest("[data-sso-session=initech]") : true);
  if (field instanceof HTMLSelectElement) await fireEvent.change(field, { target: { value } });
  else if (field instanceof HTMLInputElement && field.type === "checkbox") await fireEvent.click(field);
  else if (field) {
    await fireEvent.input(field, { target: { value } });
    await fireEvent.keyDown(field, { key: "Enter" });
  }
  const sent = (): Settings[] => agent.asked.flatMap((intent) => (intent.kind === "configure" ? [intent.settings] : []));
  await waitFor(() => expect(sent()).toEqual([change(before)]));
});
