// Settings: what is changed in the window is in the file, and what is changed in the file is in the window.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { expect } from "./play.mjs";
import { until } from "./wait.mjs";

const FILE = `# My own settings.
terminal = "xterm -fa Mono"   # the one with the large letters

# For a quick look.
duration = "15m"
`;
const ROW = "[data-testid=role-row][data-account='444455556666']";

export const settings = (scenario) => {
  const folder = scenario.desk.path("home/.config/daypass");
  const path = join(folder, "settings.toml");
  const file = () => readFileSync(path, "utf8");
  const fileHas = (...lines) => until(`settings.toml has ${lines.join(" and ")}`, () => {
    if (lines.every((line) => file().split("\n").includes(line))) return true;
    throw new Error(file());
  });
  const edit = (from, to) => {
    expect(file().includes(from), `settings.toml has no ${from}:\n${file()}`);
    writeFileSync(path, file().replace(from, to));
  };
  const rowWears = (colour) => until(`the row wears ${colour}`, () =>
    window.look(`document.querySelector("${ROW} .edge.colour-${colour}") !== null || null`));
  const shows = (testid, value) => until(`${testid} shows ${value}`, async () => {
    const shown = await window.look(`document.querySelector("[data-testid=${testid}]")?.value ?? null`);
    if (shown === value) return true;
    throw new Error(`it shows ${shown}`);
  });
  const part = (name) => window.click(`[data-testid=settings] [data-part=${name}]`);
  let window;
  return [
    ["the window opens with a person's own settings file, and they sign in", async () => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(path, FILE);
      await scenario.desk.startBus();
      window = await scenario.signedIn();
      expect(file() === FILE, `the file was changed by nobody's wish:\n${file()}`);
    }],
    ["the usual length is changed in the window and in the file", async () => {
      await window.click("[data-testid=open-settings]");
      await part("leases");
      await shows("default-duration", "15 min");
      await window.click("[data-testid=default-duration]");
      await window.press("Control", "a");
      await window.type("45m");
      await window.press("Enter");
      await fileHas(`duration = "45m"`, "# For a quick look.");
    }],
    ["a length that is none is refused beside its field, and the file stays", async () => {
      const before = file();
      await window.click("[data-testid=default-duration]");
      await window.press("Control", "a");
      await window.type("soon");
      await window.press("Enter");
      await window.says("[data-testid=refusal]", /length|lease/i);
      expect(file() === before, `the file has changed:\n${file()}`);
      await window.press("Escape");
      await shows("default-duration", "45 min");
    }],
    ["a rule for an account gives it a colour", async () => {
      await part("accounts");
      await window.click("[data-testid=new-rule]");
      await window.type("payments-staging");
      await window.press("Enter");
      await window.choose("[data-testid=rule-colour]", "violet");
      await fileHas("[[account]]", `pattern = "payments-staging"`, `colour = "violet"`);
      await scenario.picture("settings");
    }],
    ["the account's rows wear it", async () => {
      await window.press("Escape");
      await window.press("/");
      await window.type("payments-staging");
      await rowWears("violet");
    }],
    ["comments, and what nobody changed, stay in the file", async () => {
      for (const line of FILE.split("\n").filter((line) => !line.startsWith("duration"))) {
        expect(file().split("\n").includes(line), `the line “${line}” is gone:\n${file()}`);
      }
    }],
    ["what is changed in the file shows in the window", async () => {
      edit(`colour = "violet"`, `colour = "teal"`);
      await rowWears("teal");
      edit(`duration = "45m"`, `duration = "2h"`);
      await window.click("[data-testid=open-settings]");
      await part("leases");
      await shows("default-duration", "2 h");
    }],
    ["a mistake in the file is said, what was set before still holds, and correcting it is enough", async () => {
      edit(`duration = "2h"`, `duration = "two hours"`);
      await window.says("[data-testid=standing]", /settings\.toml has a mistake/);
      await shows("default-duration", "2 h");
      edit(`duration = "two hours"`, `duration = "3h"`);
      await shows("default-duration", "3 h");
      await until("nothing is said to be wrong", () => window.look(`document.querySelector("[data-testid=standing]") === null`));
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};
