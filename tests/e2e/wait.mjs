// Waiting for what will be true soon, with a sentence for when it does not come true.
import { setTimeout as pause } from "node:timers/promises";

/**
 * What `look` gives once it is neither false, null nor undefined; throws after `seconds`, saying `what` and what was
 * seen. Looks again `every` so many milliseconds.
 */
export async function until(what, look, seconds = 15, every = 50) {
  const deadline = Date.now() + seconds * 1000;
  let seen;
  for (;;) {
    try {
      seen = await look();
      if (seen !== false && seen !== null && seen !== undefined) return seen;
    } catch (error) {
      seen = error;
    }
    if (Date.now() > deadline) {
      const last = seen instanceof Error ? ` (${seen.message})` : "";
      throw new Error(`not within ${seconds} s: ${what}${last}`);
    }
    await pause(every);
  }
}
