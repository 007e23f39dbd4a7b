// Scopes in words, and the request that a form's fields make.
import type { Base } from "../ipc/bindings/Base";
import type { Failure } from "../ipc/bindings/Failure";
import type { Field } from "../ipc/bindings/Field";
import type { Options } from "../ipc/bindings/Options";
import type { Preset } from "../ipc/bindings/Preset";
import type { RoleRef } from "../ipc/bindings/RoleRef";
import type { Scope } from "../ipc/bindings/Scope";
import type { SessionRequest } from "../ipc/bindings/SessionRequest";
import type { Tag } from "../ipc/bindings/Tag";
import type { Typed } from "../ipc/bindings/Typed";
import { notALength, notARegion } from "./refusals";

/** The most chained roles on one way. */
export const MOST_HOPS = 5;

export const WHOLE_ROLE: Scope = { base: { kind: "wholeRole" }, policies: [], regions: [], addresses: [], untilLeaseEnd: false };

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
  /** What they allow is all there is, or comes on top of another scope. */
  policies: string;
  policy: string;
  onlyRegions: string;
  onlyFrom: string;
  untilLeaseEnd: boolean;
  /** The chained roles' ARNs, each assumed from the one before; none for the portal's role itself. */
  hops: readonly { readonly role: string; readonly externalId: string }[];
  sessionName: string;
  sourceIdentity: string;
  tags: readonly Tag[];
}

export const list = (text: string): string[] => text.split(/[\s,]+/).filter((part) => part !== "");

const REGION = /^[a-z]{2}[a-z-]*-[a-z]+-\d+$/;

/** What no request can be made of; what is left AWS's limits or the agent's say. */
export function mistakeIn(draft: Draft): Failure | null {
  if (draft.seconds === null) return notALength;
  return [...list(draft.region), ...list(draft.onlyRegions)].every((part) => REGION.test(part)) ? null : notARegion;
}

/** A text that AWS has a limit for, and where another is put in its place. */
export interface Entry {
  readonly typed: Typed;
  readonly put: (text: string) => Partial<Draft>;
}

/** All such texts of a draft. */
export function entriesOf(draft: Draft): Entry[] {
  const one = (field: Field, text: string, put: Entry["put"]): Entry[] => (text.trim() === "" ? [] : [{ typed: { field, text: text.trim() }, put }]);
  const each = (field: Field, key: "services" | "policies" | "onlyFrom"): Entry[] =>
    list(draft[key]).flatMap((text, at, all) => one(field, text, (next) => ({ [key]: all.with(at, next).join(", ") })));
  const { kind, hops, tags } = draft;
  return [
    ...(kind === "services" ? each("service", "services") : []),
    ...(kind === "wholeRole" ? [] : each("policyArn", "policies")),
    ...each("addresses", "onlyFrom"),
    ...hops.flatMap((hop, at) => [
      ...one("roleArn", hop.role, (role) => ({ hops: hops.with(at, { ...hop, role }) })),
      ...one("externalId", hop.externalId, (externalId) => ({ hops: hops.with(at, { ...hop, externalId }) })),
    ]),
    ...one("sessionName", draft.sessionName, (sessionName) => ({ sessionName })),
    ...one("sourceIdentity", draft.sourceIdentity, (sourceIdentity) => ({ sourceIdentity })),
    ...tags.flatMap((tag, at) => [
      { typed: { field: "tagKey", text: tag.key.trim() } as const, put: (key: string) => ({ tags: tags.with(at, { ...tag, key }) }) },
      ...one("tagValue", tag.value, (value) => ({ tags: tags.with(at, { ...tag, value }) })),
    ]),
  ];
}

/** The request that a draft without mistake makes. */
export function requestOf(draft: Draft, role: RoleRef): SessionRequest {
  const text = (typed: string): string | null => typed.trim() || null;
  const path = draft.hops.filter(({ role: arn }) => arn.trim() !== "").map((hop) => ({ role: hop.role.trim(), externalId: text(hop.externalId) }));
  const chained = path.length > 0;
  return {
    role: { ssoSession: role.ssoSession, account: role.account, role: role.role },
    duration: draft.seconds ?? 0,
    region: text(draft.region),
    reason: text(draft.reason),
    scope: {
      base: baseOf(draft),
      policies: draft.kind === "wholeRole" || draft.kind === "managed" ? [] : list(draft.policies),
      regions: list(draft.onlyRegions),
      addresses: list(draft.onlyFrom),
      untilLeaseEnd: draft.untilLeaseEnd,
    },
    path,
    labels: {
      sessionName: chained ? text(draft.sessionName) : null,
      tags: chained ? draft.tags.map((tag) => ({ ...tag, key: tag.key.trim(), value: tag.value.trim() })) : [],
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
  return {
    seconds: request.duration,
    kind: base.kind,
    ...(base.kind === "preset" && { preset: base.preset, values: { ...base.values } as Record<string, string>, grants: base.grants }),
    ...(base.kind === "services" && { services: base.services.join(", ") }),
    policies: (base.kind === "managed" ? base.policies : scope.policies).join("\n"),
    ...(base.kind === "custom" && { policy: base.policy }),
    onlyRegions: scope.regions.join(", "),
    onlyFrom: scope.addresses.join(", "),
    untilLeaseEnd: scope.untilLeaseEnd,
    hops: path.map(({ role, externalId }) => ({ role, externalId: externalId ?? "" })),
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
  const words = [baseWords(scope.base), ...scope.policies.map(nameOf)];
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
      return base.policies.map(nameOf).join(", ");
    case "custom":
      return "custom policy";
  }
}

const nameOf = (arn: string): string => arn.slice(arn.lastIndexOf("/") + 1);

/** A reason as a session tag's value: without what tags cannot hold. */
export const tagValue = (text: string): string => text.replace(/[^\p{L}\p{Z}\p{N}_.:/=+\-@]/gu, " ").trim().slice(0, 256);
