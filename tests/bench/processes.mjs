// What processes cost: memory that is theirs, and time on a core.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const TICKS_A_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** MB by name of the program: its own memory and its share of what it shares. */
export function memory(processes) {
  const all = {};
  for (const { pid, name } of processes) all[name] = (all[name] ?? 0) + memoryOf(pid) / 1024;
  return all;
}

/** Seconds on a core so far, by name of the program. */
export function coreSeconds(processes) {
  const all = {};
  for (const { pid, name } of processes) {
    // After the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
    all[name] = (all[name] ?? 0) + (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
  }
  return all;
}

export function sum(parts) {
  return Object.values(parts).reduce((all, part) => all + part, 0);
}

/** In KB. The agent tells nobody but root its share; it is then counted with all it has, which is more. */
function memoryOf(pid) {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))[1]);
  } catch {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]);
  }
}
