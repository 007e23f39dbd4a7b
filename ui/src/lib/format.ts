// Times, lengths and counts in words. Pure: `now` is an argument.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** From here on each second counts. */
const COUNTED = 5 * MINUTE;

const two = (n: number): string => String(n).padStart(2, "0");

/** "42:17", or "3:42:17" over an hour. Rounds up, so that 0:00 means over. */
export function countdown(ms: number): string {
  const left = Math.max(0, Math.ceil(ms / SECOND));
  const hours = Math.floor(left / 3600);
  const minutes = Math.floor(left / 60) % 60;
  const seconds = two(left % 60);
  if (hours > 0) return `${hours}:${two(minutes)}:${seconds}`;
  return left === 0 ? "0:00" : `${two(minutes)}:${seconds}`;
}

/** "1 h 42 min"; the last minutes as a countdown. Many rows show it, so it changes only as often as it must. */
export function timeLeft(ms: number): string {
  return ms >= COUNTED ? length(Math.floor(ms / MINUTE) * 60) : countdown(ms);
}

/** "15 min", "1 h", "1 h 30 min", "45 s". */
export function length(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return [hours > 0 ? `${hours} h` : "", minutes > 0 ? `${minutes} min` : ""].filter(Boolean).join(" ");
}

/** "just now", "2 h ago", "3 days ago". No seconds: many rows would count them. */
export function ago(then: number, now: number): string {
  const ms = Math.max(0, now - then);
  if (ms < MINUTE) return "just now";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${counted(Math.floor(ms / DAY), "day")} ago`;
}

/** "12:04" today, "Mon 12:04" on another day. */
export function clockTime(then: number, now: number): string {
  const at = new Date(then);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${at.toLocaleDateString("en-GB", { weekday: "short" })} ${time}`;
}

const grouped = new Intl.NumberFormat("en-US");

/** "10,000". */
export const count = (n: number): string => grouped.format(n);

/** "1 role", "10,000 roles". */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** A fact as a sentence: "this role is gone" becomes "This role is gone."; a file's name stays as it is. */
export function sentence(fact: string): string {
  const text = /^\w+\.\w/.test(fact) ? fact : fact.charAt(0).toUpperCase() + fact.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** What is unseen in a text, or turns what stands around it: controls, format characters, line separators. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text from outside with what is unseen in it spelt out, as the command and the log's CSV do: `\u{202e}dorp`. */
export const visible = (text: string): string => text.replace(UNSEEN, (c) => `\\u{${c.codePointAt(0)?.toString(16)}}`);
