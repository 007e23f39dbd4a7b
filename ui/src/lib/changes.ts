// What came and went, in one line.
import type { ChangesView } from "../ipc/bindings/ChangesView";
import { count, counted } from "./format";

/** "3 roles came, 1 went"; what did neither is not mentioned. */
export function changesLine({ came, went }: ChangesView): string {
  if (went === 0) return `${counted(came, "role")} came`;
  if (came === 0) return `${counted(went, "role")} went`;
  return `${counted(came, "role")} came, ${count(went)} went`;
}
