// Scopes in words, and the request that a form's fields make.
import type { Base } from "../ipc/bindings/Base";
import type { Failure } from "../ipc/bindings/Failure";
import type { Hop } from "../ipc/bindings/Hop";
import type { Options } from "../ipc/bindings/Options";
import type { Preset } from "../ipc/bindings/Preset";
import type { RoleRef } from "../ipc/bindings/RoleRef";
import type { Scope } from "../ipc/bindings/Scope";
import type { SessionRequest } from "../ipc/bindings/SessionRequest";
import type { Tag } from "../ipc/bindings/Tag";
import {
  notALength, notARegion, notATag, notAddresses, notAnArn, notAnExternalId, notAService, notASessionName, notPolicies,
} from "./refusals";

export const WHOLE_ROLE: Scope = { base: { kind: "wholeRole" }, regions: [], addresses: [], untilLeaseEnd: false };

export type Kind = Base["kind"];

/** What stands on the tile of each kind of scope. */
export const KINDS: readonly { readonly kind: Kind; readonly title: string; readonly about: string }[] = [
  { kind: "wholeRole", title: "Whole role", about: "no extra limit" },
  { kind: "readOnly", title: "Read only", about: "AWS's ReadOnlyAccess" },
  { kind: "preset", title: "Only one…", about: "bucket, table, secret" },
  { kind: "services", title: "Services…", about: "only those you name" },
  { kind: "managed", title: "Policies…", about: "managed, by ARN" },
  { kind: "custom", title: "Custom…", about: "a policy of your own" },
];

/** What is filled in. Lists are as typed: separated by commas, spaces or lines. */
export interface Draft {
  seconds: number | null;
  reason: string;
  region: string;
  kind: Kind;
  preset: string;
  values: Record<string, string>;
  /** Null: those that the preset has on by default. */
  grants: readonly string[] | null;
  services: string;
  policies: string;
  policy: string;
  onlyRegions: string;
  onlyFrom: string;
  untilLeaseEnd: boolean;
  /** The chained role's ARN; empty for the portal's role itself. */
  chain: string;
  externalId: string;
  sessionName: string;
  sourceIdentity: string;
  tags: readonly Tag[];
}

export const list = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== "");

const REGION = /^[a-z]{2}[a-z-]*-[a-z]+-\d+$/;
const SERVICE = /^[a-z0-9-]{1,63}$/;
const POLICY = /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/;
const ROLE = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]*[\w+=,.@-]$/;
const ADDRESS = /^[0-9a-fA-F.:]+(\/\d{1,3})?$/;
const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;
const NAME = /^[\w+=,.@-]{2,64}$/;
const TAG = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** The first thing that is not as it has to be; what is left AWS's rules or the agent's say. */
export function mistakeIn(draft: Draft): Failure | null {
  const all = (text: string, pattern: RegExp): boolean => list(text).every((part) => pattern.test(part));
  const empty = (text: string, pattern: RegExp): boolean => text.trim() === "" || pattern.test(text.trim());
  if (draft.seconds === null) return notALength;
  if (!empty(draft.region, REGION) || !all(draft.onlyRegions, REGION)) return notARegion;
  if (draft.kind === "services" && !all(draft.services, SERVICE)) return notAService;
  if (draft.kind === "managed" && !all(draft.policies, POLICY)) return notPolicies;
  if (!all(draft.onlyFrom, ADDRESS)) return notAddresses;
  if (!empty(draft.chain, ROLE)) return notAnArn;
  if (!empty(draft.externalId, EXTERNAL_ID)) return notAnExternalId;
  if (!empty(draft.sessionName, NAME) || !empty(draft.sourceIdentity, NAME)) return notASessionName;
  const isTag = ({ key, value }: Tag): boolean =>
    key.trim() !== "" && key.length <= 128 && value.length <= 256 && TAG.test(key) && TAG.test(value) && !/^aws:/i.test(key);
  if (!draft.tags.every(isTag)) return notATag;
  return null;
}

/** The request that a draft without mistake makes. */
export function requestOf(draft: Draft, role: RoleRef): SessionRequest {
  const text = (typed: string): string | null => typed.trim() || null;
  const path: Hop[] = text(draft.chain) === null ? [] : [{ role: draft.chain.trim(), externalId: text(draft.externalId) }];
  const chained = path.length > 0;
  return {
    role: { ssoSession: role.ssoSession, account: role.account, role: role.role },
    duration: draft.seconds ?? 0,
    region: text(draft.region),
    reason: text(draft.reason),
    scope: { base: baseOf(draft), regions: list(draft.onlyRegions), addresses: list(draft.onlyFrom), untilLeaseEnd: draft.untilLeaseEnd },
    path,
    labels: {
      sessionName: chained ? text(draft.sessionName) : null,
      tags: chained ? [...draft.tags] : [],
      sourceIdentity: chained ? text(draft.sourceIdentity) : null,
    },
    fresh: true,
  };
}

function baseOf(draft: Draft): Base {
  switch (draft.kind) {
    case "wholeRole":
    case "readOnly":
      return { kind: draft.kind };
    case "preset":
      return { kind: "preset", preset: draft.preset, values: { ...draft.values }, grants: draft.grants === null ? null : [...draft.grants] };
    case "services":
      return { kind: "services", services: list(draft.services) };
    case "managed":
      return { kind: "managed", policies: list(draft.policies) };
    case "custom":
      return { kind: "custom", policy: draft.policy };
  }
}

/** The fields that a request was made from, to begin with what was asked last. */
export function draftOf(request: SessionRequest): Partial<Draft> {
  const { scope, path, labels } = request;
  const { base } = scope;
  const hop = path[0];
  return {
    kind: base.kind,
    ...(base.kind === "preset" && { preset: base.preset, values: { ...base.values } as Record<string, string>, grants: base.grants }),
    ...(base.kind === "services" && { services: base.services.join(", ") }),
    ...(base.kind === "managed" && { policies: base.policies.join("\n") }),
    ...(base.kind === "custom" && { policy: base.policy }),
    onlyRegions: scope.regions.join(", "),
    onlyFrom: scope.addresses.join(", "),
    untilLeaseEnd: scope.untilLeaseEnd,
    chain: hop?.role ?? "",
    externalId: hop?.externalId ?? "",
    sessionName: labels.sessionName ?? "",
    sourceIdentity: labels.sourceIdentity ?? "",
    tags: labels.tags,
    reason: request.reason ?? "",
    region: request.region ?? "",
  };
}

/** Whether a request is more than role, duration, Region and reason. */
export const isNarrow = (request: SessionRequest): boolean => !isWhole(request.scope) || request.path.length > 0;

export const isWhole = (scope: Scope): boolean =>
  scope.base.kind === "wholeRole" && scope.regions.length === 0 && scope.addresses.length === 0 && !scope.untilLeaseEnd;

/** An organisation's presets, then ours that it does not replace. */
export function presetsOf(options: Options): readonly Preset[] {
  const own = new Set(options.organisationPresets.map(({ id }) => id));
  return [...options.organisationPresets, ...options.presets.filter(({ id }) => !own.has(id))];
}

/** A scope in a few words: what a card wears. */
export function scopeWords(scope: Scope): string {
  const words = [baseWords(scope.base)];
  if (scope.regions.length > 0) words.push(scope.regions.join(", "));
  if (scope.addresses.length > 0) words.push(`from ${scope.addresses.join(", ")}`);
  if (scope.untilLeaseEnd) words.push("until its end");
  return words.join(" · ");
}

function baseWords(base: Base): string {
  switch (base.kind) {
    case "wholeRole":
      return "whole role";
    case "readOnly":
      return "read only";
    case "services":
      return base.services.join(", ");
    case "preset":
      return [base.preset, ...Object.values(base.values).filter((value) => value?.trim())].join(" ");
    case "managed":
      return base.policies.map((arn) => arn.slice(arn.lastIndexOf("/") + 1)).join(", ");
    case "custom":
      return "custom policy";
  }
}

/** A reason as a session tag's value: without what tags cannot hold. */
export const tagValue = (text: string): string => text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, " ").trim().slice(0, 256);
