// Start: from the launch to the first paint, and to something to use. "Cold" is without a process of ours, not without
// the disk's cache; the first round, which fills that, does not count.
import { until } from "../e2e/wait.mjs";
import { against, median, seconds } from "./figures.mjs";
import { Place } from "./place.mjs";

const ROUNDS = 5;
const PAINTED = `performance.getEntriesByName("first-contentful-paint").map((paint) => performance.timeOrigin + paint.startTime)[0] ?? null`;

export async function start(programs) {
  const [cold, warm, empty] = [await Place.with(programs), await Place.with(programs), await Place.with(programs)];
  const kinds = [
    { place: empty, program: "empty", useful: "input", seen: [] },
    { place: cold, program: "daypass-desktop", useful: "[data-testid=start-url]", seen: [] },
    { place: warm, program: "daypass-desktop", useful: "[data-testid=role-row]", seen: [], stays: true },
  ];
  try {
    await warm.signIn();
    for (let round = 0; round <= ROUNDS; round += 1) {
      for (const kind of kinds) kind.seen.push(await once(kind));
    }
  } finally {
    for (const { place } of kinds) await place.clear();
  }
  const [none, ours, listed] = kinds.map(({ seen }) => {
    const counted = seen.slice(1);
    return { painted: median(counted.map(({ painted }) => painted)), useful: median(counted.map(({ useful }) => useful)) };
  });
  const than = "empty window";
  return [
    against("cold start to first paint", ours.painted, none.painted, seconds, { than }),
    against("cold start to the sign-in form", ours.useful, none.useful, seconds, { than: "its field there" }),
    against("start to 214 roles, agent there", listed.useful, none.useful, seconds, { than: "its field there" }),
  ];
}

async function once({ place, program, useful, stays }) {
  const window = await place.open(program);
  const there = await until(`${useful} is there`, async () => {
    const isThere = await window.look(`document.querySelector(${JSON.stringify(useful)}) !== null`);
    return isThere && Date.now();
  }, 30, 5);
  const painted = await until("something is painted", () => window.look(PAINTED), 30);
  await place.close({ agentStays: stays });
  return { painted: painted - window.launched, useful: there - window.launched };
}
