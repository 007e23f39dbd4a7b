// A desktop's panel, as panel.py plays it: what the tray shows there, and what is clicked.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { until } from "./wait.mjs";

const PROGRAM = fileURLToPath(new URL("panel.py", import.meta.url));

export class Panel {
  #child;
  #lines;

  /** Comes to the bus of this desk. */
  static async come(desk, ...args) {
    const panel = new Panel();
    // The system's: others lack gi.
    panel.#child = spawn("/usr/bin/python3", [PROGRAM, ...args], { env: desk.env, stdio: ["pipe", "pipe", "inherit"] });
    panel.#lines = createInterface({ input: panel.#child.stdout })[Symbol.asyncIterator]();
    await panel.#answer();
    return panel;
  }

  async leave() {
    this.#child.kill();
    await new Promise((resolve) => { this.#child.once("exit", resolve); });
  }

  /** Icon and tooltip, once there is an item. */
  look() {
    return until("the item has come to the panel", () => this.#do({ do: "look" }));
  }

  /** How many signals of each kind the item has sent. */
  told() {
    return this.#do({ do: "told" });
  }

  host(has) {
    return this.#do({ do: "host", has });
  }

  press(button) {
    return this.#do({ do: "press", button });
  }

  async menu() {
    const menu = await until("the item has a menu", () => this.#do({ do: "menu" }));
    if (menu.known !== menu.asked) throw new Error(`it tells ${menu.known} of ${menu.asked} items' properties`);
    return menu;
  }

  /** The labels at the top, the lines between them left out. */
  async labels() {
    return (await this.menu()).items.filter((item) => item.visible && !item.isLine).map((item) => item.label);
  }

  /** The first item whose label matches, and so on into its submenu. */
  find(...path) {
    return until(`the menu has ${path.join(" > ")}`, async () => {
      let { items } = await this.menu();
      let found;
      for (const pattern of path) {
        found = items.find((item) => item.visible && pattern.test(item.label));
        if (!found) throw new Error(`it has ${items.map((item) => item.label).join(" | ")}`);
        ({ items } = found);
      }
      return found;
    });
  }

  async choose(...path) {
    const { id, enabled } = await this.find(...path);
    if (!enabled) throw new Error(`${path.join(" > ")} can't be chosen`);
    await this.chooseId(id);
  }

  /** Clicks by number, as a menu that is open does. */
  chooseId(id) {
    return this.#do({ do: "choose", id });
  }

  async #do(order) {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    return this.#answer();
  }

  async #answer() {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the panel has left");
    const answer = JSON.parse(value);
    if ("error" in answer) throw new Error(answer.error);
    return answer.is;
  }
}
