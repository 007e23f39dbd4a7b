// What a key press asks for. Pure, so that list, switcher and help agree.

export interface Press {
  readonly key: string;
  readonly code?: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export type Command =
  | "search"
  | "switcher"
  | "shortcuts"
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "first"
  | "last"
  | "console"
  | "terminal"
  | "request"
  | "copy"
  | "favourite"
  | "collapse"
  | "expand"
  | "settings"
  | "protection"
  | "activity"
  | "quit"
  | "back";

/** The command of a key press; `typing` in a text field leaves letters and text movement alone. */
export function commandOf(press: Press, typing: boolean): Command | null {
  const command = press.ctrlKey || press.metaKey;
  if (command && !press.altKey && press.key.toLowerCase() === "k") return "switcher";
  if (command && !press.altKey && press.key.toLowerCase() === "q") return "quit";
  if (command && !press.altKey && press.key === ",") return "settings";
  if (press.altKey && !command && (press.code === "KeyC" || press.key.toLowerCase() === "c")) return "copy";
  if (press.altKey) return null;
  if (press.key === "Enter") return command ? "terminal" : press.shiftKey ? "request" : "console";
  if (command) return null;
  return MOVES[press.key] ?? (typing ? null : (LETTERS[press.key] ?? null));
}

const MOVES: Readonly<Record<string, Command>> = {
  ArrowUp: "up",
  ArrowDown: "down",
  PageUp: "pageUp",
  PageDown: "pageDown",
  Escape: "back",
};

const LETTERS: Readonly<Record<string, Command>> = {
  "/": "search",
  "?": "shortcuts",
  f: "favourite",
  F: "favourite",
  p: "protection",
  P: "protection",
  a: "activity",
  A: "activity",
  Home: "first",
  End: "last",
  ArrowLeft: "collapse",
  ArrowRight: "expand",
};

/** The help's lines, in the order shown. */
export const SHORTCUTS: readonly (readonly [keys: string, does: string])[] = [
  ["/", "Search the list"],
  ["Ctrl K", "Quick switcher, from anywhere"],
  ["Up Down", "Move"],
  ["Left Right", "Collapse or expand an account"],
  ["Enter", "Open the console"],
  ["Ctrl Enter", "Open a terminal"],
  ["Shift Enter", "Request form"],
  ["Alt C", "Copy the env command of a live session"],
  ["F", "Favourite"],
  ["A", "Activity: what happened, and the proof that nothing was changed"],
  ["Ctrl ,", "Settings"],
  ["P", "Protection, checked as it opens"],
  ["Ctrl Q", "Quit: end every session, sign out"],
  ["Esc", "Back"],
  ["?", "This help"],
];
