// The real window, driven over the WebDriver wire.
import { createServer } from "node:net";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { until } from "./wait.mjs";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
const KEYS = {
  Tab: "\uE004", Enter: "\uE007", Shift: "\uE008", Control: "\uE009", Alt: "\uE00A", Escape: "\uE00C", Delete: "\uE017",
  ArrowLeft: "\uE012", ArrowUp: "\uE013", ArrowRight: "\uE014", ArrowDown: "\uE015",
};

/** R3 lets a missing bus or tray host stall nothing; whoever waits for an answer on D-Bus waits 25 s, or for ever. */
const IN_TIME = 5_000;
const PAINTED = `performance.getEntriesByName("first-contentful-paint").map((paint) => performance.timeOrigin + paint.startTime)[0] ?? null`;

export class Window {
  #base;
  /** When the program was started, in milliseconds since 1970. */
  launched = 0;

  /** Starts the desktop under a WebDriver of its own. */
  static async open(desk, program, args) {
    const port = await freePort();
    desk.start("WebKitWebDriver", [`--port=${port}`], { TAURI_WEBVIEW_AUTOMATION: "true" });
    const window = new Window();
    const driver = `http://127.0.0.1:${port}`;
    await until("WebKitWebDriver answers", async () => (await fetch(`${driver}/status`)).ok);
    window.launched = Date.now();
    const capabilities = { alwaysMatch: { "webkitgtk:browserOptions": { binary: program, args } } };
    const { sessionId } = await call("POST", `${driver}/session`, { capabilities });
    window.#base = `${driver}/session/${sessionId}`;
    return window;
  }

  /** What a JavaScript expression is worth in the page. */
  look(expression) {
    return this.#call("POST", "/execute/sync", { script: `return (${expression});`, args: [] });
  }

  /** Sees that nothing held up its first paint. */
  async showedInTime() {
    const painted = await until("something is painted", () => this.look(PAINTED));
    const took = Math.round(painted - this.launched);
    if (took > IN_TIME) throw new Error(`the window showed ${took} ms after its launch`);
  }

  /** The text of the first element, or null. */
  text(selector) {
    return this.look(`document.querySelector(${JSON.stringify(selector)})?.textContent.replace(/\\s+/g, " ").trim() ?? null`);
  }

  /** The text of the first element, once it matches. */
  async says(selector, pattern, seconds) {
    const where = `${selector} says ${pattern}`;
    return until(where, async () => {
      const text = await this.text(selector);
      if (text === null) throw new Error("it is not there");
      if (!pattern.test(text)) throw new Error(`it says “${text.slice(0, 300)}”`);
      return text;
    }, seconds);
  }

  /** Clicks as a mouse would: on what is visible there. */
  click(selector) {
    return this.#click(selector, "css selector", selector);
  }

  /** Clicks the button with this text in it. */
  clickButton(text) {
    return this.#click(`a button “${text}”`, "xpath", `//button[normalize-space()='${text}']`);
  }

  /** Chooses an option of a select element, by its value. */
  choose(selector, value) {
    return this.click(`${selector} option[value='${value}']`);
  }

  /** Finds and clicks, anew when it cannot be clicked yet, or when the page replaced it in between. */
  async #click(what, using, value) {
    await until(`${what} is clicked`, async () => {
      const element = await this.#call("POST", "/element", { using, value });
      await this.#call("POST", `/element/${element[ELEMENT]}/click`, {});
      return true;
    });
  }

  /** Presses one key, with others held: `press("Control", "Enter")`. */
  async press(...names) {
    const keys = names.map((name) => KEYS[name] ?? name);
    const down = keys.map((value) => ({ type: "keyDown", value }));
    const up = keys.toReversed().map((value) => ({ type: "keyUp", value }));
    await this.#keys([...down, ...up]);
  }

  async type(text) {
    await this.#keys([...text].flatMap((value) => [{ type: "keyDown", value }, { type: "keyUp", value }]));
  }

  /** Presses Tab until the control with this test id has the focus. */
  async tabTo(testid, most = 40) {
    for (let pressed = 0; pressed <= most; pressed += 1) {
      if ((await this.look("document.activeElement?.dataset.testid ?? null")) === testid) return;
      await this.press("Tab");
    }
    throw new Error(`Tab does not reach ${testid} in ${most} steps`);
  }

  async screenshot(path) {
    // A screenshot may be a frame or more behind the page.
    await pause(400);
    writeFileSync(path, Buffer.from(await this.#call("GET", "/screenshot"), "base64"));
  }

  async close() {
    await this.#call("DELETE", "", undefined);
  }

  #keys(actions) {
    return this.#call("POST", "/actions", { actions: [{ type: "key", id: "keyboard", actions }] });
  }

  #call(method, path, body) {
    return call(method, this.#base + path, body);
  }
}

async function call(method, url, body) {
  const answer = await fetch(url, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const { value } = await answer.json();
  if (!answer.ok) throw new Error(`WebDriver: ${value?.error}: ${value?.message}`);
  return value;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
