// Patterns for accounts: `*` stands for anything, `?` for one character, case doesn't matter.

/** Whether the whole text matches; in time proportional to both lengths, whatever the pattern. */
export function matchesPattern(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase();
  const given = text.toLowerCase();
  let p = 0;
  let t = 0;
  let star = -1;
  let from = 0;
  while (t < given.length) {
    if (wanted[p] === "*") {
      star = p;
      from = t;
      p += 1;
    } else if (p < wanted.length && (wanted[p] === "?" || wanted[p] === given[t])) {
      p += 1;
      t += 1;
    } else if (star >= 0) {
      p = star + 1;
      from += 1;
      t = from;
    } else {
      return false;
    }
  }
  while (wanted[p] === "*") p += 1;
  return p === wanted.length;
}
