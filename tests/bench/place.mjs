// A desk to measure at: programs and a practice organisation of its own, and a browser that allows everything at once.
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Desk } from "../e2e/desk.mjs";
import { until } from "../e2e/wait.mjs";
import { Window } from "../e2e/window.mjs";

/** Notes when it was opened, goes where it is led, and leaves. */
const BROWSER = `
require("fs").appendFileSync(__filename + ".opened", Date.now() + "\\n");
fetch(process.argv[2]).then((page) => page.text());
`;

export class Place {
  #programs;
  #windows = [];

  /** With a practice organisation of these flags. */
  static async with(programs, flags = []) {
    const place = new Place();
    place.desk = new Desk("light", [], { isWatched: false });
    place.#programs = place.desk.path("programs");
    mkdirSync(place.#programs);
    // Copied, not linked: each program looks beside itself for the others.
    for (const name of ["daypass", "daypass-agent", "empty"]) place.#copy(join(programs, name), name);
    place.#copy(join(programs, "driven"), "daypass-desktop");
    const practice = [join(programs, "daypass-practice"), "--auto-approve", ...flags].map((word) => `'${word}'`).join(" ");
    place.desk.script("programs/daypass-practice", `#!/bin/sh\nexec ${practice}\n`);
    place.desk.env.DAYPASS_BROWSER = place.desk.script("browser", `#!${process.execPath}\n${BROWSER}`);
    await place.desk.startBus();
    return place;
  }

  /** Opens the window of `daypass-desktop` or `empty`. */
  async open(program, ...args) {
    const window = await Window.open(this.desk, join(this.#programs, program), args);
    this.#windows.push(window);
    return window;
  }

  /** Starts a program without a driver, as a person does. */
  begin(program, ...args) {
    return this.desk.start(join(this.#programs, program), args);
  }

  /** Ends a program that was begun. */
  async end(program) {
    const running = () => this.processes().filter(({ name }) => name === program);
    for (const { pid } of running()) process.kill(pid);
    await until(`${program} has ended`, () => this.processes().length === 0);
  }

  /** Presses a key in whatever has the focus. */
  async press(key) {
    await this.desk.run("xdotool", "key", key);
  }

  /** Closes the windows and ends what they started, the agent too unless it stays. */
  async close({ agentStays = false } = {}) {
    for (const window of this.#windows.splice(0)) await window.close();
    if (!agentStays) await this.desk.run(join(this.#programs, "daypass"), "quit");
    await until("nothing else is left", () => this.processes().every(({ name }) => agentStays && name === "daypass-agent"));
  }

  async clear() {
    await this.close().catch(() => {});
    await this.desk.clear();
  }

  /** What `daypass` says with --json. */
  async daypass(...words) {
    const { code, stdout, stderr } = await this.desk.run(join(this.#programs, "daypass"), ...words, "--json");
    if (code !== 0) throw new Error(`daypass ${words.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Signs in to the practice organisation, and waits for the whole list. */
  async signIn(seconds = 60) {
    await this.daypass("practice");
    await until("the roles are listed", async () => {
      const { ssoSessions: [sso] } = await this.daypass("status");
      if (sso.syncedAt === null) throw new Error(`${sso.roles} roles so far`);
      return true;
    }, seconds);
  }

  /** When the browser was opened last, in milliseconds since 1970. */
  browserOpened() {
    const notes = this.desk.path("browser.opened");
    return existsSync(notes) ? Number(readFileSync(notes, "utf8").trim().split("\n").at(-1)) : null;
  }

  /** The processes that a person has because of the window; neither AWS nor the driver is among them. */
  processes() {
    const wanted = ["daypass-desktop", "daypass-agent", "empty", "WebKitNetworkPr", "WebKitWebProces"];
    return this.desk.processes().filter(({ name }) => wanted.includes(name));
  }

  #copy(from, name) {
    copyFileSync(from, join(this.#programs, name));
  }
}
