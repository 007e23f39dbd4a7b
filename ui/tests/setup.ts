// What happy-dom needs to stand in for a window, and the cleaning up after each test.
import { cleanup } from "@testing-library/svelte";
import { afterEach } from "vitest";

afterEach(() => {
  cleanup();
  document.body.replaceChildren();
});
