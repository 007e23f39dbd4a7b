// Habits: one instance, closing, coming back, the quick switcher by keyboard, the place remembered, starting at login.
// Usage: habits.mjs FOLDER_OF_THE_PROGRAMS   (under a display with nothing on it)
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Desk } from "./desk.mjs";
import { until } from "./wait.mjs";
import { Window } from "./window.mjs";

const programs = resolve(process.argv[2] ?? "target/debug");
const pictures = join(programs, "../e2e");
const person = fileURLToPath(new URL("person.mjs", import.meta.url));
const program = join(programs, "daypass-desktop");
const MAIN = "^Daypass$";
const SWITCHER = "^Daypass quick switcher$";

const desk = new Desk("dark", []);
const notes = desk.path("seen-in-the-browser");
desk.env.DAYPASS_BROWSER = `"${process.execPath}" "${person}" "${notes}"`;
desk.env.DAYPASS_TERMINAL = desk.script("terminal", `#!/bin/sh\necho "$@" >>'${desk.path("terminals")}'\n`);
let window;

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

async function xdotool(...args) {
  const { code, stdout, stderr } = await desk.run("xdotool", ...args);
  if (code !== 0 && stderr) throw new Error(`xdotool ${args.join(" ")}: ${stderr}`);
  return stdout.trim();
}

/** The window that a person sees by this title, or null. */
const seen = async (title) => (await xdotool("search", "--onlyvisible", "--name", title)).split("\n").filter(Boolean)[0] ?? null;

const appears = (title) => until(`${title} is seen and has the focus`, async () => {
  const id = await seen(title);
  return id !== null && (await xdotool("getactivewindow")) === id && id;
});

const goes = (title) => until(`${title} is not seen`, async () => (await seen(title)) === null);

async function place() {
  const told = await xdotool("getwindowgeometry", "--shell", await until(`${MAIN} is seen`, () => seen(MAIN)));
  return Object.fromEntries(told.split("\n").map((line) => line.split("=")).filter(([name]) => /^(X|Y|WIDTH|HEIGHT)$/.test(name)).map(([name, value]) => [name, Number(value)]));
}

async function picture(name) {
  // What is typed is painted a frame or more later.
  await pause(400);
  await desk.run("import", "-window", "root", join(pictures, `habits-${name}.png`));
}

/** A second start, to its end: it says that it was not needed. */
async function start(...args) {
  const { code, stderr } = await desk.run(program, ...args);
  expect(code === 0, `daypass-desktop ${args.join(" ")} ended with ${code}: ${stderr}`);
  expect(stderr.includes("Daypass runs already."), `daypass-desktop ${args.join(" ")} said ${stderr}`);
}

async function daypass(...words) {
  const { code, stdout, stderr } = await desk.run(join(programs, "daypass"), ...words, "--json");
  expect(code === 0, `daypass ${words.join(" ")} ended with ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

const desktops = () => desk.processes().filter(({ name }) => name === "daypass-desktop");

async function leave() {
  await daypass("quit");
  await until("the desktop has left", () => desktops().length === 0);
}

const settings = (line) => {
  const file = desk.path("home/.config/daypass/settings.toml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/^start-at-login = .*$/m, line));
};

const entry = desk.path("home/.config/autostart/app.daypass.Daypass.desktop");

const steps = [
  ["the window opens", async () => {
    await desk.startBus();
    desk.start("openbox", []);
    window = await Window.open(desk, program, ["--practice"]);
    await appears(MAIN);
    await daypass("practice");
    await until("the search names 214 roles", () =>
      window.look(`document.querySelector("[data-testid=search]")?.placeholder.includes("214 roles") || null`), 60);
  }],
  ["closing it without a tray minimises, and it says so; no lease is lost", async () => {
    const { session } = await daypass("request", "ReadOnlyAccess@payments-staging", "--for", "15m");
    await xdotool("key", "alt+F4");
    await goes(MAIN);
    const lives = (await daypass("sessions")).find((lease) => lease.session === session);
    expect(lives?.phase === "active", JSON.stringify(lives));
    await daypass("end", session);
    expect(desktops().length === 1, "the desktop has ended");
    await window.says("[data-testid=stays]", /Daypass stays open.*Ctrl Q/);
  }],
  ["a second start brings it back", async () => {
    await start();
    await appears(MAIN);
    await window.screenshot(join(pictures, "habits-minimised.png"));
  }],
  ["of twenty more starts none lives", async () => {
    await Promise.all(Array.from({ length: 20 }, () => start()));
    expect(desktops().length === 1, `${desktops().length} desktops run`);
  }],
  ["what nobody knows on its socket harms nobody", async () => {
    const say = `require("net").connect(process.argv[1], function () { this.end("fly \\0\\n"); })`;
    await desk.run(process.execPath, "-e", say, desk.path("run/daypass/desktop.sock"));
    await start();
    await appears(MAIN);
  }],
  ["the switcher opens with the focus in its field, and Esc sends it away", async () => {
    await start("--switcher");
    await appears(SWITCHER);
    await picture("switcher");
    await xdotool("key", "Escape");
    await goes(SWITCHER);
  }],
  ["it goes when the focus goes", async () => {
    await start("--switcher");
    await appears(SWITCHER);
    await start();
    await goes(SWITCHER);
  }],
  ["it has no frame, stands in the middle, and opens the console of the hit that arrows lead to", async () => {
    // What the same letters find over the main window, which a driver reads.
    await window.press("Control", "k");
    await window.type("prod read");
    const { role, account } = await window.look(`(({ role, account }) => ({ role, account }))(document.querySelector("#hit-2").dataset)`);
    await window.press("Escape");
    await start("--switcher");
    const id = await appears(SWITCHER);
    const number = async (name, ...of) => Number(new RegExp(`${name}: +(-?\\d+)`).exec((await desk.run("xwininfo", ...of)).stdout)[1]);
    const middle = (await number("Absolute upper-left X", "-id", id)) + (await number("Width", "-id", id)) / 2;
    expect(Math.abs(middle - (await number("Width", "-root")) / 2) <= 1, `its middle is at ${middle}`);
    const hints = (await desk.run("xprop", "-id", id, "_MOTIF_WM_HINTS")).stdout;
    expect(/= 0x2, 0x[0-9a-f]+, 0x0,/.test(hints), `it has a frame: ${hints}`);
    await xdotool("type", "prod read");
    await xdotool("key", "Down", "Down", "Return");
    await goes(SWITCHER);
    const { text } = await until("the console was opened", () =>
      readFileSync(notes, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line)).find((page) => page.text?.includes(account)), 60);
    expect(text.includes(role), `the page says “${text}”`);
    for (const { session, phase } of await daypass("sessions")) if (phase === "active") await daypass("end", session);
  }],
  ["a few letters and Ctrl Enter take a lease and open a terminal", async () => {
    await start("--switcher");
    await appears(SWITCHER);
    await xdotool("type", "staging dev");
    await picture("switcher-typed");
    await xdotool("key", "ctrl+Return");
    await goes(SWITCHER);
    const session = await until("a session is live", async () => (await daypass("sessions")).find(({ phase }) => phase === "active"));
    expect(/Dev/.test(session.role), `the lease is on ${session.role}`);
    await until("a terminal was opened", () => existsSync(desk.path("terminals")));
  }],
  ["Shift Enter brings up the request form in the main window", async () => {
    await xdotool("windowminimize", await seen(MAIN));
    await start("--switcher");
    await appears(SWITCHER);
    await xdotool("type", "payments-prod read");
    await xdotool("key", "shift+Return");
    await goes(SWITCHER);
    await appears(MAIN);
    await window.says("[data-testid=request-sheet]", /ReadOnly/);
    await window.press("Escape");
  }],
  ["the autostart entry comes and goes with the setting", async () => {
    settings("start-at-login = true");
    await until("the entry is there", () => existsSync(entry));
    expect(readFileSync(entry, "utf8").includes(`Exec="${program}" --hidden\n`), readFileSync(entry, "utf8"));
    settings("start-at-login = false");
    await until("the entry is gone", () => !existsSync(entry));
  }],
  ["Ctrl Q asks while a session is live, and the second one ends everything", async () => {
    await xdotool("windowactivate", "--sync", await seen(MAIN));
    await window.press("Control", "q");
    await window.says("[data-testid=notice]", /Quitting ends 1 live session/);
    await xdotool("windowmove", "--sync", await seen(MAIN), "150", "90");
    await xdotool("windowsize", "--sync", await seen(MAIN), "900", "560");
    const before = await place();
    await xdotool("key", "ctrl+q");
    await until("the desktop has left", () => desktops().length === 0);
    desk.start(program, []);
    await appears(MAIN);
    const after = await place();
    expect(JSON.stringify(after) === JSON.stringify(before), `it was at ${JSON.stringify(before)}, and is at ${JSON.stringify(after)}`);
  }],
  ["daypass quit ends the desktop too", () => leave()],
  ["started hidden where no tray is, it is there minimised after a while", async () => {
    desk.start(program, ["--hidden"]);
    await until("the minimised window is there", async () => (await xdotool("search", "--name", MAIN)) !== "", 40);
    expect((await seen(MAIN)) === null, "it is seen");
    await start();
    await appears(MAIN);
    await leave();
  }],
  ["--switcher starts Daypass where it does not run", async () => {
    desk.start(program, ["--switcher"]);
    await appears(SWITCHER);
    expect((await seen(MAIN)) === null, "the main window is seen");
    await leave();
  }],
];

mkdirSync(pictures, { recursive: true });
let passed = 0;
try {
  for (const [what, run] of steps) {
    await run().then(
      () => { passed += 1; },
      (error) => { throw new Error(`FAILED: habits: ${what}\n  ${error.message}`); },
    );
    if (process.argv.includes("--verbose")) console.log(`ok: ${what}`);
  }
} catch (error) {
  console.log(error.message);
  await desk.run("import", "-window", "root", join(pictures, "failed-habits.png"));
  console.log(`  log:\n  ${desk.logged().trim().split("\n").slice(-30).join("\n  ")}`);
} finally {
  await desk.run(join(programs, "daypass"), "quit");
  await desk.clear();
}
console.log(`${passed} passed, ${steps.length - passed} failed or not reached`);
process.exit(passed === steps.length ? 0 : 1);
