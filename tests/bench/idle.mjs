// Idle: what the window and its agent cost with 10 leases, seen and hidden, and an empty window beside them.
import { execFileSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";

import { Panel } from "../e2e/panel.mjs";
import { until } from "../e2e/wait.mjs";
import { against, megabytes, percent } from "./figures.mjs";
import { Place } from "./place.mjs";
import { coreSeconds, memory, sum } from "./processes.mjs";

const LEASES = 10;
const SECONDS = 30;

/** What a window manager does with a window that is minimised, or shown again. */
const TURN = `
import sys
from ctypes import CDLL, c_ulong, c_void_p
x = CDLL("libX11.so.6")
x.XOpenDisplay.restype = c_void_p
display = c_void_p(x.XOpenDisplay(None))
getattr(x, f"X{sys.argv[1]}Window")(display, c_ulong(int(sys.argv[2], 0)))
x.XSync(display, 0)
`;

export async function idle(programs) {
  const [ours, empty] = [await Place.with(programs), await Place.with(programs)];
  try {
    // As on any desktop: the icon there counts the minutes too.
    const panel = await Panel.come(ours.desk);
    await ours.signIn();
    const roles = await ours.daypass("roles");
    for (const { role, account } of roles.slice(0, LEASES)) await ours.daypass("request", `${role}@${account}`, "--for", "1h");
    const windows = [
      [ours, await ours.open("daypass-desktop"), "Daypass"],
      [empty, await empty.open("empty"), "Empty"],
    ];
    await until(`${LEASES} leases are shown`, () =>
      windows[0][1].look(`document.querySelectorAll("[data-testid=session-card][data-phase=active]").length === ${LEASES} || null`));
    await panel.look();
    await pause(5_000);
    const mb = [ours, empty].map((place) => memory(place.processes()));
    for (const [place, window, title] of windows) await turn("Unmap", place, window, title);
    await pause(5_000);
    const hidden = await cores(ours, empty);
    for (const [place, window, title] of windows) await turn("Map", place, window, title);
    await pause(10_000);
    const seen = await cores(ours, empty);
    const than = "empty window";
    return [
      against("memory with 10 leases", sum(mb[0]), sum(mb[1]), megabytes, { than, note: parts(mb[0], megabytes) }),
      against("CPU with 10 leases, window seen", sum(seen[0]), sum(seen[1]), percent, { than, note: parts(seen[0], percent) }),
      against("CPU with 10 leases, window hidden", sum(hidden[0]), sum(hidden[1]), percent, { than, bar: "0.5 %", note: parts(hidden[0], percent) }),
    ];
  } finally {
    await ours.clear();
    await empty.clear();
  }
}

/** Part of a core that each of the places takes, by program. */
async function cores(...places) {
  const before = places.map((place) => coreSeconds(place.processes()));
  const begun = performance.now();
  await pause(SECONDS * 1000);
  const passed = (performance.now() - begun) / 1000;
  return places.map((place, i) => {
    const after = Object.entries(coreSeconds(place.processes()));
    return Object.fromEntries(after.map(([name, spent]) => [name, (spent - (before[i][name] ?? 0)) / passed]));
  });
}

/** Hides or shows a window ("Unmap" or "Map"), until its page knows. */
async function turn(how, place, window, title) {
  const told = execFileSync("xwininfo", ["-name", title], { env: place.desk.env, encoding: "utf8" });
  const [id] = /0x[0-9a-f]+/.exec(told);
  execFileSync("python3", ["-c", TURN, how, id], { env: place.desk.env });
  const state = how === "Map" ? "visible" : "hidden";
  await until(`“${title}” is ${state}`, () => window.look(`document.visibilityState === "${state}" || null`));
}

function parts(all, write) {
  const names = { "daypass-desktop": "window", "daypass-agent": "agent", WebKitNetworkPr: "network", WebKitWebProces: "page", empty: "window" };
  return Object.entries(all).map(([name, value]) => `${names[name]} ${write(value)}`).join(", ");
}
