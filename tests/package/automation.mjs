// A release's window refuses WebKitWebDriver: another program of the person's must not be able to press its buttons.
// Usage: automation.mjs FOLDER, with the packaged programs
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { Desk } from "../e2e/desk.mjs";
import { until } from "../e2e/wait.mjs";
import { Window } from "../e2e/window.mjs";

const programs = process.argv[2];
const desk = new Desk("dark", [programs]);
try {
  await desk.startBus();
  const driven = Window.open(desk, join(programs, "daypass-desktop"), ["--practice"]).then(() => true, () => false);
  const quietly = { env: desk.env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
  await until("the window is shown", () => execFileSync("xwininfo", ["-name", "Daypass"], quietly).includes("IsViewable"), 30);
  // The driver of a window that lets it takes a third of a second.
  const isDriven = await Promise.race([driven, pause(5_000, false)]);
  if (isDriven) throw new Error("WebKitWebDriver drives the packaged window");
} finally {
  await desk.run(join(programs, "daypass"), "quit");
  await desk.clear();
}
