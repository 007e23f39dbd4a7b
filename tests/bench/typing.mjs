// Typing into 10,000 roles: each key against a frame, and against the same key in an empty window's field.
import { setTimeout as pause } from "node:timers/promises";

import { until } from "../e2e/wait.mjs";
import { against, alone, median, millis, percent, seconds } from "./figures.mjs";
import { memory, sum } from "./processes.mjs";
import { Place } from "./place.mjs";

const TYPED = ["payments-prod read", "staging dev", "admin 44", "zzz", "checkout b"];
/** About a fast typist's, and never in step with the frames. */
const BETWEEN_KEYS = () => 70 + Math.random() * 60;

/**
 * For each key: how long the page was busy changing itself, how long its frame took and the slower of the two after it,
 * and when the first was done, counted from the key. What an event sets off has run before its microtasks; a frame
 * begins with its callbacks, all told the same time, and a message sent from these comes after its work.
 * And what the eye sees, the painting included: in an animation that wants every frame, the longest time between two,
 * from the one before the key on.
 */
const RECORDER = `(() => {
  const strokes = (window.strokes = []);
  const frames = [];
  const next = (at) => { frames.push(at); requestAnimationFrame(next); };
  requestAnimationFrame(next);
  const frame = () => new Promise((done) => requestAnimationFrame((begun) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => done(performance.now() - begun);
    channel.port2.postMessage(0);
  }));
  addEventListener("keydown", async (event) => {
    const begun = performance.now();
    const stroke = { key: event.key, change: 0 };
    const changed = () => queueMicrotask(() => queueMicrotask(() => { stroke.change = performance.now() - begun; }));
    addEventListener("input", changed, { once: true });
    stroke.frame = await frame();
    stroke.painted = performance.now() - event.timeStamp;
    removeEventListener("input", changed);
    stroke.after = Math.max(await frame(), await frame());
    const since = frames.slice(Math.max(0, frames.findLastIndex((at) => at <= begun)));
    stroke.between = Math.max(...since.slice(1).map((at, i) => at - since[i]));
    strokes.push(stroke);
  }, true);
  return true;
})()`;

/** When the next 90 frames are. */
const FRAMES = `(() => {
  const frames = (window.frames_ = []);
  const next = (now) => { frames.push(now); if (frames.length < 90) requestAnimationFrame(next); };
  requestAnimationFrame(next);
  return true;
})()`;

export async function typing(programs) {
  const place = await Place.with(programs, ["--accounts", "2000", "--roles", "10000"]);
  const nothing = await Place.with(programs);
  try {
    await place.signIn(300);
    const window = await place.open("daypass-desktop");
    const listed = await until("10,000 roles are there", async () => {
      const search = await window.look(`document.querySelector("[data-testid=search]")?.placeholder ?? null`);
      return /10,000 roles/.test(search ?? "") && Date.now();
    }, 60);
    await window.look(RECORDER);
    await pause(2_000);
    const frame = await frameOf(window);
    await window.press("/");
    const list = await typed(window, async () => {
      await window.look(`(document.querySelector("[data-testid=search]").select(), true)`);
      await window.press("Delete");
    });
    await window.press("Control", "k");
    await until("the switcher is there", () => window.look(`document.querySelector("[data-testid=switcher] input") !== null`));
    const switcher = await typed(window, async () => {
      await window.look(`(document.querySelector("[data-testid=switcher] input").select(), true)`);
      await window.press("Delete");
    });
    const all = sum(memory(place.processes()));
    const empty = await emptyField(nothing);
    return [
      ...["list", "switcher"].flatMap((name, i) => rowsOf(name, [list, switcher][i], empty, frame)),
      alone("window with 10,000 roles: start", seconds(listed - window.launched)),
      against("window with 10,000 roles: memory", all, empty.memory, (mb) => `${mb.toFixed(0)} MB`, { than: "empty window" }),
    ];
  } finally {
    await place.clear();
    await nothing.clear();
  }
}

/** The work of a key's longest frame. */
const work = (stroke) => Math.max(stroke.change + stroke.frame, stroke.after);

function rowsOf(name, strokes, empty, frame) {
  const all = strokes.toSorted((a, b) => work(a) - work(b));
  const of = (each) => median(all.map(each));
  const worst = all.at(-1);
  const parts = (change, frame, after) => `change ${millis(change)}, frame ${millis(frame)}, frames after ${millis(after)}`;
  const than = { than: "a frame", bar: "1" };
  const dropped = (some) => some.filter((stroke) => stroke.between > 1.5 * frame).length / some.length;
  return [
    against(`key in the ${name}: work, median of ${all.length}`, of(work), frame, millis, { ...than, note: parts(of((s) => s.change), of((s) => s.frame), of((s) => s.after)) }),
    against(`key in the ${name}: work, worst`, work(worst), frame, millis, { ...than, note: `“${worst.key}”: ${parts(worst.change, worst.frame, worst.after)}` }),
    against(`key in the ${name}: with a frame dropped`, dropped(all), dropped(empty.strokes), percent, { than: "in an empty field" }),
    against(`key in the ${name}: until painted`, of((s) => s.painted), median(empty.strokes.map((stroke) => stroke.painted)), millis, { than: "in an empty field" }),
  ];
}

async function emptyField(place) {
  const window = await place.open("empty");
  await window.click("input");
  await window.look(RECORDER);
  const strokes = await typed(window, () => window.look(`(document.querySelector("input").value = "", true)`));
  return { strokes, memory: sum(memory(place.processes())) };
}

async function typed(window, clear) {
  // The key that led here is no typing.
  await pause(300);
  await window.look("(window.strokes.length = 0, true)");
  let keys = 0;
  for (const text of TYPED) {
    for (const letter of text) {
      await window.press(letter);
      await pause(BETWEEN_KEYS());
      keys += 1;
    }
    await pause(300);
    const before = await window.look("window.strokes");
    await clear();
    await pause(300);
    // Emptying the field is not typing.
    await window.look(`(window.strokes.length = ${before.length}, true)`);
  }
  const strokes = await window.look("window.strokes");
  if (strokes.length < keys) console.error(`${keys - strokes.length} of ${keys} keys had no frame`);
  return strokes;
}

/** What lies between two frames of this page: the lower quartile, as a busy machine delays some. */
async function frameOf(window) {
  await window.look(FRAMES);
  const frames = await until("frames pass", () => window.look("window.frames_.length === 90 ? window.frames_ : null"));
  const between = frames.slice(1).map((at, i) => at - frames[i]);
  return between.toSorted((a, b) => a - b)[between.length >> 2];
}
