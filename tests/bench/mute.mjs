// Beside a notification daemon that never answers: how long page and agent let one wait while notices are due.
import { setTimeout as pause } from "node:timers/promises";

import { startMute } from "../e2e/notify.mjs";
import { until } from "../e2e/wait.mjs";
import { against, millis } from "./figures.mjs";
import { Place } from "./place.mjs";

const LEASES = 3;
/** They are told of when they have a minute left: a few seconds after they were taken, when the window has drawn them. */
const LENGTH = "66s";
/** The daemon is given up after 2 s. */
const AFTERWARDS = 3_000;
const BAR = "100 ms";

/** Looks every few milliseconds whether the page goes on, and asks the agent again and again. */
const PROBE = `(() => {
  const worst = (window.worst = { stall: 0, answer: 0, asked: 0 });
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    worst.stall = Math.max(worst.stall, now - last);
    last = now;
  }, 4);
  const ask = async () => {
    const begun = performance.now();
    // Refused, as no sign-in is under way: by the agent, which is what counts.
    await window.__TAURI_INTERNALS__.invoke("ask", { intent: { kind: "signInUrl" } }).catch(() => {});
    worst.answer = Math.max(worst.answer, performance.now() - begun);
    worst.asked += 1;
    setTimeout(ask, 10);
  };
  ask();
  return true;
})()`;

export async function mute(programs) {
  const silent = await worst(programs, startMute);
  const none = await worst(programs, async () => {});
  const than = "without a daemon";
  const note = `${silent.asked} questions`;
  return [
    against("mute notification daemon: the page's longest stall", silent.stall, none.stall, millis, { than, bar: BAR }),
    against("mute notification daemon: the agent's slowest answer", silent.answer, none.answer, millis, { than, bar: BAR, note }),
  ];
}

/** The longest waits in a window while notices are due that the window has to show itself. */
async function worst(programs, daemon) {
  const place = await Place.with(programs);
  try {
    await daemon(place.desk);
    await place.signIn();
    const window = await place.open("daypass-desktop");
    await until("the roles are listed", () => window.look(`document.querySelector("[data-testid=role-row]") !== null || null`), 30);
    const roles = await place.daypass("roles");
    for (const { role, account } of roles.slice(0, LEASES)) await place.daypass("request", `${role}@${account}`, "--for", LENGTH);
    const has = (what, seconds) => until(`the window shows ${what}`, () => window.look(`document.querySelector("${what}") !== null || null`), seconds);
    await has("[data-testid=session-card][data-phase]:nth-child(3)", 10);
    await window.look(PROBE);
    await has("[data-testid=notification]", 30);
    await pause(AFTERWARDS);
    return await window.look("window.worst");
  } finally {
    await place.clear();
  }
}
