// The audit log's rows between their days, and what the view asks for.
import { describe, expect, it } from "vitest";

import type { Answer } from "../src/ipc/bindings/Answer";
import type { Intent } from "../src/ipc/bindings/Intent";
import { logged, someLog } from "../src/ipc/fake-log";
import { NOTHING } from "../src/ipc/fake-parts";
import { dayOf, lines } from "../src/lib/activity";
import { Activity } from "../src/state/activity.svelte";

const NOW = new Date(2026, 10, 22, 12, 0).getTime();

function activity(total: number): { activity: Activity; asked: Intent[]; grow: (by: number) => void } {
  const scene = { log: someLog(total, NOW), logIsDamaged: false };
  const grow = (by: number): void => { scene.log = someLog(scene.log.length + by, NOW); };
  const asked: Intent[] = [];
  const ask = async (intent: Intent): Promise<Answer> => {
    asked.push(intent);
    if (intent.kind !== "log" && intent.kind !== "verifyLog" && intent.kind !== "exportLog") throw new Error(intent.kind);
    return { ...NOTHING, ...logged(scene, intent) };
  };
  return { activity: new Activity(ask), asked, grow };
}

describe("activity", () => {
  it("puts a line before each day's first row", () => {
    const all = lines(someLog(60, NOW), NOW);
    const days = all.flatMap((line) => (line.kind === "day" ? [line.day] : []));
    expect(days).toEqual(["Today", "Yesterday"]);
    expect(all.length).toBe(62);
    expect(all[0]).toEqual({ kind: "day", day: "Today" });
    expect(dayOf(NOW - 3 * 24 * 3_600_000, NOW)).toBe("Thu 19 November 2026");
  });

  it("gets more rows before the last one, once at a time, and stops at the first ever", async () => {
    const { activity: log, asked } = activity(250);
    await log.load();
    await Promise.all([log.more(), log.more()]);
    expect(log.rows?.length).toBe(200);
    await log.more();
    await log.more();
    expect(log.rows?.map(({ n }) => n)).toEqual(Array.from({ length: 250 }, (_, i) => 250 - i));
    expect(asked.filter(({ kind }) => kind === "log").length).toBe(3);
    expect(log.verdict?.words).toBe("chain verified, 250 entries");
  });

  it("keeps what has come when the log grows, and starts again where rows between would be missed", async () => {
    const { activity: log, grow } = activity(250);
    const shown = (): (number | undefined)[] => [log.rows?.[0]?.n, log.rows?.at(-1)?.n, log.rows?.length];
    await log.load();
    grow(7);
    await Promise.all([log.more(), log.load()]);
    expect(shown()).toEqual([257, 51, 207]);
    await log.more();
    expect([...shown(), log.hasMore]).toEqual([257, 1, 257, false]);
    grow(150);
    await log.load();
    expect([...shown(), log.hasMore]).toEqual([407, 308, 100, true]);
  });

  it("shows what was asked last, whatever comes last", async () => {
    const { activity: log } = activity(250);
    log.set({ text: "refused" });
    log.set({ text: "tray" });
    await new Promise((done) => setTimeout(done));
    expect(new Set(log.rows?.map(({ by }) => by))).toEqual(new Set(["tray"]));
  });
});
