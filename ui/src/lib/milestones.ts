// What a screen reader is told of the sessions: milestones, each once.
import type { SessionView } from "../ipc/bindings/SessionView";
import { length, sentence } from "./format";
import { LAST, QUARTER, SOON, isLive, leftOf } from "./lease";

type Stage = "requesting" | "active" | "quarter" | "soon" | "last" | "ended" | "failed";

/** Where each session stood when last looked at. */
export type Stages = ReadonlyMap<string, Stage>;

export interface Milestones {
  readonly stages: Stages;
  readonly said: readonly string[];
}

/** The sentences due since `before`; at the first look (null) nothing is said. */
export function milestones(before: Stages | null, sessions: readonly SessionView[], now: number): Milestones {
  const stages = new Map<string, Stage>();
  const said: string[] = [];
  for (const session of sessions) {
    const stage = stageOf(session, now);
    stages.set(session.session, stage);
    if (before && before.get(session.session) !== stage) {
      const words = wordsFor(stage, session, before.get(session.session));
      if (words) said.push(words);
    }
  }
  return { stages, said };
}

function stageOf(session: SessionView, now: number): Stage {
  if (!isLive(session)) return session.phase as "requesting" | "ended" | "failed";
  const left = leftOf(session, now);
  if (left <= LAST) return "last";
  if (left <= SOON) return "soon";
  return left <= QUARTER ? "quarter" : "active";
}

const LEFT = { quarter: "15 minutes", soon: "5 minutes", last: "1 minute" } as const;
/** A renewed lease goes back in this order. */
const LATER: Readonly<Record<Stage, number>> = { requesting: 0, active: 1, quarter: 2, soon: 3, last: 4, ended: 0, failed: 0 };

function wordsFor(stage: Stage, session: SessionView, before: Stage | undefined): string | null {
  const name = `${session.role} in ${session.accountName}`;
  switch (stage) {
    case "requesting":
      return null;
    case "active":
    case "quarter":
    case "soon":
    case "last":
      if (before === undefined || before === "requesting") return `${name} is active for ${length(session.duration)}.`;
      if (LATER[before] > LATER[stage]) return `${name} is renewed for ${length(session.duration)}.`;
      return stage === "active" ? null : `${name} ends in ${LEFT[stage]}.`;
    case "ended":
      return `${name} has ended.`;
    case "failed":
      return `${name} failed. ${session.failure ? sentence(session.failure.fact) : ""}`.trim();
  }
}
