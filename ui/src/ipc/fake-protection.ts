// The fake agent's guards and self-check: all good, or with what the scene says.
import type { Answer } from "./bindings/Answer";
import type { Guard } from "./bindings/Guard";
import type { GuardKind } from "./bindings/GuardKind";
import type { Protection } from "./bindings/Protection";
import type { SecretKind } from "./bindings/SecretKind";
import type { SelfCheck } from "./bindings/SelfCheck";
import type { View } from "./bindings/View";
import type { Scene } from "./fake-scenes";

const GOOD: readonly (readonly [kind: GuardKind, title: string, fact: string, value: string])[] = [
  ["lockedPages", "Secrets in locked pages", "kept out of swap, core dumps and forks", "5 pages"],
  ["freedMemory", "Freed memory is zeroed", "what was just written, grown and freed could not be found again", "on"],
  ["reading", "No core dumps, no ptrace", "other programs of yours cannot read this process, ptrace scope 1", "on"],
  ["disk", "No secret on disk", "7 files of Daypass's read, settings, role list and logs among them", "0 found"],
  ["kept", "Keep me signed in", "off: you sign in again after a restart", "off"],
  ["endpoint", "Local endpoint", "127.0.0.1 only; a wrong token and a wrong Host were refused just now", "2 clients"],
  ["socket", "Private socket", "only your user can reach the agent; checked by folder, socket and umask", "0700"],
  ["swap", "Disk swap is encrypted", "by dm-crypt, under every swap area", "dm-crypt"],
  ["wiping", "Wipe on sleep, quit, lock", "listening to the desktop session; lock ends leases after 5 min", "logind, screen lock"],
];

const WEAK: Partial<Record<GuardKind, Omit<Guard, "kind">>> = {
  lockedPages: {
    holds: "degraded", title: "Secrets are not all in locked pages", fact: "they may be swapped out", value: "3 of 5 pages",
    advice: "Credentials may reach the swap: the system locks no more memory for Daypass. Raise `ulimit -l`.",
  },
  swap: {
    holds: "degraded", title: "Disk swap is not encrypted", fact: "locked pages are safe; other programs are not", value: "1 area",
    advice: "Locked pages never reach it. For what other programs hold: encrypt the swap (the `swap` option of /etc/crypttab with a random key), use zram, or turn it off with `swapoff -a`.",
  },
  endpoint: {
    holds: "unknown", title: "Local endpoint", fact: "it could not be looked at in time", value: "not known", advice: "Check again in a moment.",
  },
};

/** What a look in this scene brings. */
export function looked(kind: "protection" | "selfCheck", { view, finds }: Scene): Partial<Answer> {
  const now = Date.now();
  return kind === "protection" ? { protection: protectionOf(view, now) } : { selfCheck: selfCheckOf(view, finds === true, now) };
}

function protectionOf(view: View, now: number): Protection {
  const isWeak = view.degraded.length > 0;
  const guards = GOOD.map(([kind, title, fact, value]): Guard => {
    const weak = isWeak ? WEAK[kind] : undefined;
    const hidden = kind === "lockedPages" && view.settings.memory === "secret" ? ", out of the kernel's reach too" : "";
    return weak ? { kind, ...weak } : { kind, holds: "holds", title, fact: `${fact}${hidden}`, value, advice: null };
  });
  return { checkedAt: now, guards };
}

const KINDS: readonly (readonly [kind: SecretKind, name: string])[] = [
  ["accessToken", "SSO access token"],
  ["refreshToken", "SSO refresh token"],
  ["clientSecret", "Client secret"],
  ["secretAccessKey", "Secret access key"],
  ["sessionToken", "Session token"],
  ["ticketToken", "Ticket token"],
];

function selfCheckOf(view: View, finds: boolean, now: number): SelfCheck {
  const live = view.sessions.filter(({ phase }) => phase === "active" || phase === "expiring").length;
  const rows: SelfCheck["rows"] = KINDS.map(([kind, name], i) => {
    const secrets = i < 3 ? 1 : live;
    return { name, kind, secrets, locked: secrets, elsewhere: finds && kind === "sessionToken" ? 2 : 0 };
  });
  rows.push({ name: "Wiped before", kind: null, secrets: 12, locked: 0, elsewhere: finds ? 1 : 0 });
  const held = rows.reduce((sum, row) => sum + (row.kind === null ? 0 : row.secrets), 0);
  return {
    checkedAt: now, kib: 9216, controlFound: true, rows,
    verdict: finds
      ? "3 copies were found outside the locked pages."
      : `No copy of ${held} secrets was found outside the locked pages. 12 secrets that have gone left none.`,
    advice: finds
      ? "They pass through memory while a sign-in, a request or a program that fetches is under way: run it again in a moment. If they stay, report it with the agent's log."
      : null,
  };
}
