// An organisation whose accounts were named to do harm: its names stay text in the window, in a notification and in the command.
import { Daemon } from "./notify.mjs";
import { LIVE, expect } from "./play.mjs";

const IMAGE = "<img src=x onerror=alert(document.domain)>";
/** Control characters, and what turns the direction of text. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

export const hostile = (scenario) => {
  const { desk } = scenario;
  const daemon = new Daemon(desk);
  let window;
  return [
    ["a person signs in where names are hostile", async () => {
      await desk.startBus();
      await daemon.come("notifications");
      window = await scenario.openFor(await scenario.startOrganisation("--hostile-names"));
      await window.click("[data-testid=sign-in]");
      await scenario.visits(1);
      await scenario.lists("214 roles");
    }],
    ["the window shows them as text, and none became a part of it", async () => {
      await window.click("[data-testid=search]");
      await window.type("img src");
      await window.says("[role=treegrid]", /<img src=x onerror=/);
      expect(await window.look(`document.querySelectorAll("img, iframe, script:not([src])").length === 0`), "a name became an element");
      await scenario.picture("hostile");
    }],
    ["the command writes them without one unseen character", async () => {
      const { code, stdout } = await scenario.daypass("roles");
      expect(code === 0 && stdout.includes("rm -rf ~") && stdout.includes("[31mred"), `the list lacks them: ${stdout.slice(0, 300)}`);
      const unseen = stdout.split("\n").find((line) => UNSEEN.test(line));
      expect(unseen === undefined, `it wrote ${JSON.stringify(unseen)}`);
    }],
    ["a lease there is told of with a name that no daemon takes for markup", async () => {
      const { account, role } = (await scenario.json("roles")).find(({ accountName, role }) => accountName === IMAGE && role === "ReadOnlyAccess");
      await scenario.json("request", `${role}@${account}`, "--for", "62s");
      await window.says(LIVE, /<img src=x/);
      const told = await daemon.shows(/ends in 1 min/);
      expect(told.includes("‹img src=x onerror=alert(document.domain)›") && !told.includes("<img"), told);
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};
