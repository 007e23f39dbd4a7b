// Listing 1,000 accounts with 5 roles each at a portal that takes 20 calls a second, without and with random refusals.
import { until } from "../e2e/wait.mjs";
import { against, alone, seconds } from "./figures.mjs";
import { Place } from "./place.mjs";

const ACCOUNTS = 1000;
const CALLS_A_SECOND = 20;
/** One call an account, and one for each hundred accounts: no client can do it in fewer. */
const FLOOR = ((ACCOUNTS + ACCOUNTS / 100) / CALLS_A_SECOND) * 1000;
const PORTAL = ["--accounts", ACCOUNTS, "--roles", ACCOUNTS * 5, "--calls-per-second", CALLS_A_SECOND].map(String);

/** When rows were there first, when the list was whole, and everything that was said to be wrong, as the page shows it. */
const RECORDER = `(() => {
  const marks = (window.marks = { rows: null, whole: null, errors: [] });
  const look = () => {
    const is = (selector) => document.querySelector(selector) !== null;
    if (marks.rows === null && is("[data-testid=role-row]")) marks.rows = Date.now();
    if (marks.whole === null && !is("progress") && /synced/.test(document.querySelector("footer")?.textContent ?? "")) marks.whole = Date.now();
    for (const wrong of document.querySelectorAll("[data-testid=notice], [role=alert]")) {
      const text = wrong.textContent.replace(/\\s+/g, " ").trim();
      if (text !== "" && !marks.errors.includes(text)) marks.errors.push(text);
    }
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  return true;
})()`;

export async function sync(programs) {
  const calm = await once(programs, []);
  const rough = await once(programs, ["--random-429", "0.01", "--random-503", "0.01", "--seed", "11"]);
  return [
    against("sync of 1,000 accounts x 5 roles", calm.whole, FLOOR, seconds, { than: "at 20 calls a second" }),
    against("N1: the same, 1 % 429 and 1 % 503", rough.whole, FLOOR, seconds, { than: "at 20 calls a second", bar: "75 s" }),
    alone("N1: first rows", seconds(rough.rows), { bar: "2 s", note: "from the click in the browser" }),
    alone("N1: errors shown", String(rough.errors.length), { bar: "0", note: rough.errors.join(" | ") }),
  ];
}

async function once(programs, flags) {
  const place = await Place.with(programs, [...PORTAL, ...flags]);
  try {
    const window = await place.open("daypass-desktop", "--practice");
    await until("the start URL is filled in", () =>
      window.look(`document.querySelector("[data-testid=start-url]")?.value.startsWith("http://127.0.0.1:") || null`), 30);
    await window.look(RECORDER);
    await window.click("[data-testid=sign-in]");
    const marks = await until("the list is whole", async () => {
      const seen = await window.look("window.marks");
      return seen.whole !== null && seen;
    }, 300, 500);
    const roles = (await place.daypass("status")).ssoSessions[0].roles;
    if (roles !== ACCOUNTS * 5) marks.errors.push(`${roles} roles are listed`);
    const begun = place.browserOpened();
    return { rows: marks.rows - begun, whole: marks.whole - begun, errors: marks.errors };
  } finally {
    await place.clear();
  }
}
