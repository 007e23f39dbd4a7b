// The real window on a desk of its own, scenario after scenario.
// Usage: e2e.mjs FOLDER_OF_THE_PROGRAMS [SCENARIO...]   (under a display; the AWS CLI of tests/clients beside it)
import { resolve } from "node:path";

import { agent } from "./agent.mjs";
import { hostile } from "./hostile.mjs";
import { byKeyboard, byMouse } from "./main_job.mjs";
import { narrowByKeyboard, narrowByMouse } from "./narrow.mjs";
import { withNobodyThere, withoutAddress } from "./no_bus.mjs";
import { mute, notifications } from "./notify.mjs";
import { play, tally } from "./play.mjs";
import { protection } from "./protection.mjs";
import { settings } from "./settings.mjs";
import { signals } from "./signals.mjs";
import { byDeviceCode, keptSignedIn } from "./ways_in.mjs";

const SCENARIOS = [
  ["by mouse", "light", byMouse],
  ["by keyboard", "dark", byKeyboard],
  ["one bucket by mouse", "light", narrowByMouse],
  ["one bucket by keyboard", "dark", narrowByKeyboard],
  ["device code", "light", byDeviceCode],
  ["kept signed in", "light", keptSignedIn],
  ["settings", "dark", settings],
  ["protection", "dark", protection],
  ["the desktop's signals", "light", signals],
  ["agent", "dark", agent],
  ["notifications", "light", notifications],
  ["a mute notification daemon", "dark", mute],
  ["hostile names", "light", hostile],
  ["no address of a bus", "dark", withoutAddress],
  ["nobody at the bus's address", "light", withNobodyThere],
];

const programs = resolve(process.argv[2] ?? "target/debug");
const wanted = process.argv.slice(3);
for (const [name, theme, script] of SCENARIOS) {
  if (wanted.length === 0 || wanted.includes(name)) await play(programs, name, theme, script);
}
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
