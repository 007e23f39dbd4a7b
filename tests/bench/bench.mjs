// What Daypass costs, each figure beside one taken in the same run. It asserts nothing: other work on the machine shows.
// Usage: bench.mjs FOLDER_OF_THE_PROGRAMS [start|idle|tray|mute|typing|sync ...]   (under a display)
import { loadavg } from "node:os";
import { resolve } from "node:path";

import { table } from "./figures.mjs";
import { idle } from "./idle.mjs";
import { mute } from "./mute.mjs";
import { start } from "./start.mjs";
import { sync } from "./sync.mjs";
import { tray } from "./tray.mjs";
import { typing } from "./typing.mjs";

const MEASURES = { start, idle, tray, mute, typing, sync };

const [folder = "target/release", ...only] = process.argv.slice(2);
const wanted = Object.keys(MEASURES).filter((name) => only.length === 0 || only.includes(name));
const programs = resolve(folder);

const load = () => loadavg()[0].toFixed(1);
const before = load();
const rows = [];
for (const name of wanted) {
  console.error(`measuring: ${name}`);
  try {
    rows.push(...(await MEASURES[name](programs)));
  } catch (error) {
    console.error(`${name} could not be measured: ${error.stack}`);
    process.exitCode = 1;
  }
}
console.log(table(rows));
console.log(`\nThe machine's load was ${before} before and ${load()} after; Daypass and what it is compared with share it.`);
