// The fake agent's audit log: a long one, made up, and filtered as the agent's own.
import type { Answer } from "./bindings/Answer";
import type { Intent } from "./bindings/Intent";
import type { LogFilter } from "./bindings/LogFilter";
import type { LogKind } from "./bindings/LogKind";
import type { LogPage } from "./bindings/LogPage";
import type { LogRow } from "./bindings/LogRow";
import type { LogVerdict } from "./bindings/LogVerdict";

type LogIntent = Extract<Intent, { kind: "log" | "verifyLog" | "exportLog" }>;

const PAGE = 100;
const MINUTE = 60_000;

const row = (n: number, at: number, kind: LogKind, event: string, by: string, rest: Partial<LogRow> = {}): LogRow => ({
  n, at, kind, event, by, acceptedUntil: null, ssoSession: "practice", session: null, role: null, account: null, accountName: null,
  scope: null, reason: null, ...rest,
});

const about = (role: string, accountName: string, scope = "whole role"): Partial<LogRow> =>
  ({ role, accountName, scope, account: "111122223333", session: "s-000001" });

/** So many rows, newest first, as a person's days go. */
export function someLog(total: number, now: number): LogRow[] {
  const day: ((n: number, at: number) => LogRow)[] = [
    (n, at) => row(n, at, "uses", "credentials served 14 times", "aws (pid 51122)", about("AuditLogWriter", "data-platform", "s3")),
    (n, at) => row(n, at, "leases", "session granted, 15 min", "window", { ...about("AuditLogWriter", "data-platform", "s3"), reason: "TICKET-4821 replay missing audit logs" }),
    (n, at) => row(n, at, "endings", "session expired, 3 pages wiped", "timer", { ...about("ReadOnlyAccess", "payments-prod"), acceptedUntil: at + 22 * MINUTE }),
    (n, at) => row(n, at, "uses", "console opened", "window", about("DeveloperAccess", "payments-staging")),
    (n, at) => row(n, at, "leases", "session granted, 1 h", "tray", about("DeveloperAccess", "payments-staging")),
    (n, at) => row(n, at, "trouble", "request refused: a lease lasts at most 12 h", "window", about("AdministratorAccess", "payments-prod", "read only")),
    (n, at) => row(n, at, "uses", "ticket given", "daypass for bash (pid 49820)", about("ReadOnlyAccess", "payments-prod")),
    (n, at) => row(n, at, "uses", "terminal opened", "window", about("ReadOnlyAccess", "<b>prod</b>")),
    (n, at) => row(n, at, "uses", "credentials served", "\u2066daypass\u2069 (pid 7\u200f1)", { ...about("ReadOnlyAccess", "invoice-\u202edorp\u202c"), reason: "a\u200bb" }),
    (n, at) => row(n, at, "signIns", "signed in with the browser", "Daypass"),
  ];
  return Array.from({ length: total }, (_, i) => {
    const one = day[i % day.length];
    return one ? one(total - i, now - i * 23 * MINUTE) : row(total - i, now, "other", "Daypass started", "Daypass", { ssoSession: null });
  });
}

/** What the agent answers of its log. */
export function logged(scene: { readonly log: readonly LogRow[]; readonly logIsDamaged: boolean }, intent: LogIntent): Partial<Answer> {
  switch (intent.kind) {
    case "log":
      return { log: pageOf(scene.log, intent.filter, intent.before) };
    case "verifyLog":
      return { verdict: verdictOf(scene.log, scene.logIsDamaged) };
    case "exportLog":
      return { saved: `/home/dana/Downloads/daypass-activity-2026-11-22.${intent.format}` };
  }
}

function pageOf(log: readonly LogRow[], filter: LogFilter, before: number | null): LogPage {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = log.filter((one) => {
    const text = [one.event, one.role, one.account, one.accountName, one.ssoSession, one.scope, one.reason, one.by].join("\n").toLowerCase();
    return (before === null || one.n < before)
      && (filter.kind === null || filter.kind === one.kind)
      && (filter.ssoSession === null || filter.ssoSession === one.ssoSession)
      && (filter.role === null || filter.role === one.role)
      && words.every((word) => text.includes(word));
  });
  return { rows: found.slice(0, PAGE), hasMore: found.length > PAGE };
}

function verdictOf(log: readonly LogRow[], isDamaged: boolean): LogVerdict {
  const entries = log.length;
  if (!isDamaged) return { entries, damage: [], places: 0, words: `chain verified, ${entries} entries` };
  const words = "line 412 of audit.1.jsonl was changed or torn off";
  return { entries, damage: [{ file: "audit.1.jsonl", line: 412, how: "line", words }], places: 1, words: `chain damaged: ${words}` };
}
