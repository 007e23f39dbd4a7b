// Scenarios: one desk, one person, and steps that stand on each other.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Desk } from "./desk.mjs";
import { until } from "./wait.mjs";
import { Window } from "./window.mjs";

export const LIVE = '[data-testid=session-card]:is([data-phase="active"], [data-phase="expiring"])';
export const ENDED = '[data-testid=session-card][data-phase="ended"]';
export const CHOSEN = "[data-testid=role-row][aria-selected=true]";

const person = fileURLToPath(new URL("person.mjs", import.meta.url));

/** What has been played so far; every step that was not reached counts as failed. */
export const tally = { passed: 0, failed: 0 };

export function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

/** A desk, a window on it, and what the person saw in the browser. */
export class Scenario {
  #programs;
  #pictures;
  #organisation = null;

  constructor(programs, name, theme) {
    this.name = name;
    this.theme = theme;
    this.#programs = programs;
    this.#pictures = join(programs, "../e2e");
    mkdirSync(this.#pictures, { recursive: true });
    this.desk = new Desk(theme, [join(programs, "../clients/bin")]);
    this.notes = this.desk.path("seen-in-the-browser");
    writeFileSync(this.notes, "");
    this.desk.env.DAYPASS_BROWSER = `"${process.execPath}" "${person}" "${this.notes}"`;
  }

  program(name) {
    return join(this.#programs, name);
  }

  async open(...args) {
    this.window = await Window.open(this.desk, this.program("daypass-desktop"), args);
    return this.window;
  }

  /** A practice organisation that outlives the agent; Daypass is led there. Returns its start URL and Region. */
  async startOrganisation(...args) {
    this.#organisation = this.desk.start(this.program("daypass-practice"), args);
    let said = "";
    this.#organisation.stdout.on("data", (data) => { said += data; });
    await until("the organisation listens", () => said.includes("\n"));
    const { startUrl, region, env } = JSON.parse(said);
    Object.assign(this.desk.env, env);
    return { startUrl, region };
  }

  /** The sign-in form knows the practice organisation. */
  isReady() {
    return until("the start URL is filled in", () =>
      this.window.look(`document.querySelector("[data-testid=start-url]")?.value.startsWith("http://127.0.0.1:") || null`), 30);
  }

  /** The window, open on the practice organisation and signed in. */
  async signedIn() {
    const window = await this.open("--practice");
    await this.isReady();
    await window.click("[data-testid=sign-in]");
    await this.visits(1);
    await this.lists("214 roles");
    return window;
  }

  /** The window, with an organisation's start URL and Region typed into its form. */
  async openFor({ startUrl, region }) {
    const window = await this.open();
    await window.click("[data-testid=start-url]");
    await window.type(startUrl);
    await window.click("[data-testid=sso-region]");
    await window.type(region);
    return window;
  }

  /** The list has so many roles: `lists("214 roles")`. */
  lists(roles) {
    return until(`the search names ${roles}`, () =>
      this.window.look(`document.querySelector("[data-testid=search]")?.placeholder.includes(" ${roles}") || null`), 30);
  }

  picture(name) {
    return this.window.screenshot(join(this.#pictures, `${name}-${this.theme}.png`));
  }

  /** What the last pages in the browser said, oldest first, once there are `count`. */
  async visits(count) {
    const visits = await until(`${count} pages opened in the browser`, () => {
      const lines = this.#lines();
      return lines.length >= count && lines;
    }, 60);
    for (const visit of visits) expect(!visit.error, `the browser failed: ${visit.error}`);
    return visits;
  }

  /** How many pages have been opened in the browser. */
  get visited() {
    return this.#lines().length;
  }

  #lines() {
    return readFileSync(this.notes, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  /** Account and role of the chosen row. */
  chosen() {
    return this.window.look(`(({ account, role }) => ({ account, role }))(document.querySelector(${JSON.stringify(CHOSEN)}).dataset)`);
  }

  daypass(...words) {
    return this.desk.run(this.program("daypass"), ...words);
  }

  async json(...words) {
    const { code, stdout, stderr } = await this.daypass(...words, "--json");
    expect(code === 0, `daypass ${words.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Closes the window, quits the agent, and sees that nothing of Daypass is left. */
  async leave() {
    await this.close();
    await this.quit();
    this.#organisation?.stdin.end();
    await until("no program of Daypass runs", () => this.running("daypass").length === 0);
  }

  async close() {
    await this.window.close();
    await until("the window's program has ended", () => this.running("daypass-desktop").length === 0);
  }

  async quit() {
    const { code, stderr } = await this.daypass("quit");
    expect(code === 0, `daypass quit ended with ${code}: ${stderr}`);
  }

  /** The processes of a program; of every one of ours for "daypass". */
  running(program) {
    return this.desk.processes().filter(({ command }) => command.includes(program));
  }

  async explain() {
    const page = await this.window?.text("body").catch((error) => error.message);
    if (page) console.log(`  the window says: ${page.slice(0, 1500)}`);
    await this.window?.screenshot(join(this.#pictures, `failed-${this.theme}.png`)).catch(() => {});
    for (const { pid, command } of this.desk.processes()) console.log(`  runs: ${pid} ${command.slice(0, 150)}`);
    const log = this.desk.logged().trim().split("\n").slice(-40).join("\n  ");
    if (log) console.log(`  log:\n  ${log}`);
  }

  async clear() {
    // The agent shows its environment to nobody but root, so it is told rather than looked for.
    await this.daypass("quit");
    await this.desk.clear();
  }
}

/** Plays the steps of a scenario; after one that fails, the others are not reached. */
export async function play(programs, name, theme, script) {
  const scenario = new Scenario(programs, name, theme);
  try {
    const steps = script(scenario);
    const done = [];
    for (const [at, [what, run]] of steps.entries()) {
      try {
        await run();
        tally.passed += 1;
        done.push(`ok: ${name}: ${what}`);
      } catch (error) {
        console.log([...done, `FAILED: ${name}: ${what}`, ...error.message.split("\n").map((line) => `  ${line}`)].join("\n"));
        const rest = steps.length - at - 1;
        tally.failed += 1 + rest;
        if (rest > 0) console.log(`  ${rest} steps after it were not reached and count as failed`);
        await scenario.explain();
        break;
      }
    }
  } finally {
    await scenario.clear();
  }
}
