// What happy-dom needs to stand in for a window, and the cleaning up after each test and each file.
import { cleanup } from "@testing-library/svelte";
import { afterAll, afterEach } from "vitest";

/** What pages left running; it must not strike once their window is gone. */
const running: ReturnType<typeof setTimeout>[] = [];

const { setTimeout, setInterval } = globalThis;
globalThis.setTimeout = Object.assign((...wanted: Parameters<typeof setTimeout>) => keep(setTimeout(...wanted)), setTimeout);
globalThis.setInterval = ((...wanted: Parameters<typeof setInterval>) => keep(setInterval(...wanted))) as typeof setInterval;

function keep(timer: ReturnType<typeof setTimeout>): ReturnType<typeof setTimeout> {
  running.push(timer);
  return timer;
}

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
  localStorage.clear();
});

afterAll(() => running.forEach((timer) => clearTimeout(timer)));
