// How long a lease is asked for: the usual choices, and what a person types instead.
import { length } from "./format";

export const PRESETS: readonly number[] = [15 * 60, 30 * 60, 3600, 4 * 3600, 8 * 3600];

/**
 * Seconds from "90", "90 min", "1h30", "2 h 15 min", "45 s", or until "17:30" (today, else tomorrow).
 * Null where it is none of these.
 */
export function parsedLength(text: string, now: number): number | null {
  const typed = text.trim().toLowerCase().replace(/^(until|till|for)\s+/, "");
  const at = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(typed);
  if (at) return secondsUntil(Number(at[1]), Number(at[2]), now);
  if (/^\d{1,5}$/.test(typed)) return positive(Number(typed) * 60);
  const parts = /^(?:(\d{1,3})\s*h(?:ours?|rs?)?)?\s*(?:(\d{1,5})\s*(?:m|mins?|minutes?|$))?\s*(?:(\d{1,5})\s*s(?:ec(?:onds?)?)?)?$/.exec(typed);
  if (!parts || typed === "") return null;
  const [, hours = "0", minutes = "0", seconds = "0"] = parts;
  return positive(Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
}

/** The same without times of day: a length for every day. */
export const lengthOnly = (text: string): number | null => (text.includes(":") ? null : parsedLength(text, 0));

/** What to put into the text field for a length that is no preset. */
export const typedLength = (seconds: number): string => length(seconds);

function secondsUntil(hours: number, minutes: number, now: number): number {
  const end = new Date(now);
  end.setHours(hours, minutes, 0, 0);
  if (end.getTime() <= now) end.setDate(end.getDate() + 1);
  return Math.ceil((end.getTime() - now) / 1000);
}

function positive(seconds: number): number | null {
  return seconds > 0 ? seconds : null;
}
