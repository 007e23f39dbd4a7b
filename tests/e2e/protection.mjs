// The protection page: what the real agent finds of itself, while it holds something and after everything was wiped.
import { LIVE, expect } from "./play.mjs";
import { until } from "./wait.mjs";

const SURE = ["lockedPages", "freedMemory", "reading", "disk", "endpoint", "socket"];
const RESULT = "[data-testid=self-check-result]";

export const protection = (scenario) => {
  let window;
  /** The table, row by row: held, in locked pages, elsewhere. */
  const table = () => window.look(`Object.fromEntries([...document.querySelectorAll("${RESULT} tr[data-kind]")].map((row) =>
    [row.dataset.kind, [...row.querySelectorAll("td")].map((cell) => cell.textContent)]))`);
  const finds = (what, sees) => until(`the self-check finds ${what}`, async () => {
    // Something may be under way just then, as the page says.
    await window.click("[data-testid=self-check]");
    await until("it is done", () => window.look(`document.querySelector("[data-testid=self-check]").ariaDisabled === "false" && document.querySelector("${RESULT}") !== null`));
    const rows = await table();
    if (Object.values(rows).some(([, , elsewhere]) => elsewhere !== "0") || !sees(rows)) throw new Error(JSON.stringify(rows));
    return true;
  });
  return [
    ["a lease is taken", async () => {
      await scenario.desk.startBus();
      window = await scenario.signedIn();
      await scenario.json("request", "DeveloperAccess@payments-staging", "--for", "15m");
      await window.says(LIVE, /DeveloperAccess/, 30);
    }],
    ["the page says what was found of every guard", async () => {
      await window.click("[data-testid=open-protection]");
      await window.says("[data-testid=protection]", /checked just now on this machine/);
      for (const kind of SURE) {
        const holds = await window.look(`document.querySelector("[data-testid=guard][data-kind=${kind}]")?.dataset.holds ?? null`);
        expect(holds === "holds", `${kind}: ${holds}: ${await window.text(`[data-kind=${kind}]`)}`);
      }
      await window.click("[data-kind=wiping] button");
      await window.says("[data-kind=wiping] .advice", /logind does not answer/);
      await scenario.picture("protection");
    }],
    ["the self-check finds what is held in locked pages, and nowhere else", async () => {
      await finds("secrets in locked pages", ({ secretAccessKey: [held, locked] }) => held === "1" && locked === "1");
      await window.says(RESULT, /No copy of 5 secrets was found outside the locked pages/);
      await scenario.picture("self-check");
    }],
    ["the command says the same", async () => {
      const { code, stdout } = await scenario.daypass("protection", "--check");
      expect(code === 0 && /Session token +1 +1 +0/.test(stdout), `${code}: ${stdout}`);
    }],
    ["of what a lease leaves wiped, nothing is found", async () => {
      await scenario.daypass("end", "--all");
      await finds("nothing of what was wiped", ({ secretAccessKey: [held] }) => held === "0");
      await window.says(`${RESULT} tr[data-kind=wiped]`, /Wiped before.2/);
    }],
    ["everything is wiped for whoever says so twice, and an agent with nothing goes on", async () => {
      await window.click("[data-testid=wipe]");
      await window.clickButton("Wipe everything");
      await window.says("body", /Everything is wiped: no lease lives, and you are signed out/);
      await finds("nothing", ({ accessToken: [held] }) => held === "0");
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};
