// What a screen reader is told of the sessions: milestones, each once.
import type { SessionView } from "../ipc/bindings/SessionView";
import { length, sentence } from "./format";
import { LAST, SOON, isLive, leftOf } from "./lease";

type Stage = "requesting" | "active" | "soon" | "last" | "ended" | "failed";

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
  return left <= SOON ? "soon" : "active";
}

function wordsFor(stage: Stage, session: SessionView, before: Stage | undefined): string | null {
  const name = `${session.role} in ${session.accountName}`;
  switch (stage) {
    case "requesting":
      return null;
    case "active":
      return before === "soon" || before === "last"
        ? `${name} is renewed for ${length(session.duration)}.`
        : `${name} is active for ${length(session.duration)}.`;
    case "soon":
      return before === undefined || before === "requesting" ? `${name} is active.` : `${name} ends in 5 minutes.`;
    case "last":
      return before === undefined || before === "requesting" ? `${name} is active.` : `${name} ends in 1 minute.`;
    case "ended":
      return `${name} has ended.`;
    case "failed":
      return `${name} failed. ${session.failure ? sentence(session.failure.fact) : ""}`.trim();
  }
}
