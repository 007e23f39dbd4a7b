// What the fake agent offers and previews: a few presets and chained roles, and a policy that looks like the real one.
import type { Answer } from "./bindings/Answer";
import type { Brought } from "./bindings/Brought";
import type { Failure } from "./bindings/Failure";
import type { Intent } from "./bindings/Intent";
import type { Options } from "./bindings/Options";
import type { Pass } from "./bindings/Pass";
import type { Preset } from "./bindings/Preset";
import type { Preview } from "./bindings/Preview";
import type { Probe } from "./bindings/Probe";
import type { RoleRef } from "./bindings/RoleRef";
import type { SessionRequest } from "./bindings/SessionRequest";
import type { Limit } from "./bindings/Limit";
import type { Typed } from "./bindings/Typed";
import { isWhole } from "../lib/scope";
import { tooLong } from "./fake-parts";
import limits from "./limits.json";

const LONGEST = 12 * 3600;

const needsChain: Failure = {
  code: "scopeNeedsChain",
  fact: "what Identity Center hands out is always the whole role",
  advice: "To take less, go through a chained role; to go on without, take the whole role.",
  action: null,
};

const reasonMissing: Failure = {
  code: "reasonMissing",
  fact: "your organisation asks for a reason",
  advice: "Say what it is for, with the ticket if there is one.",
  action: null,
};

const unknownPass: Failure = {
  code: "unknownPass",
  fact: "no pass has this name",
  advice: "Run `daypass pass list` to see those there are.",
  action: null,
};

const bucket: Preset = {
  id: "s3-bucket",
  title: "One S3 bucket",
  about: "objects of one bucket, or below one prefix",
  parameters: [
    { name: "bucket", label: "Bucket", kind: "bucket", example: "acme-audit-logs", optional: false },
    { name: "prefix", label: "Prefix", kind: "prefix", example: "2026/", optional: true },
  ],
  grants: [
    { id: "list", label: "List", actions: ["s3:ListBucket"], resources: ["arn:aws:s3:::{bucket}"], conditions: {}, default: true },
    { id: "get", label: "Get", actions: ["s3:GetObject"], resources: ["arn:aws:s3:::{bucket}/{prefix}*"], conditions: {}, default: true },
    { id: "put", label: "Put", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::{bucket}/{prefix}*"], conditions: {}, default: false },
  ],
};

const table: Preset = {
  id: "dynamodb-table",
  title: "One DynamoDB table",
  about: "items of one table and its indexes",
  parameters: [{ name: "table", label: "Table", kind: "name", example: "orders", optional: false }],
  grants: [
    { id: "read", label: "Read", actions: ["dynamodb:GetItem", "dynamodb:Query"], resources: ["arn:aws:dynamodb:eu-west-1:{account}:table/{table}"], conditions: {}, default: true },
  ],
};

const replay: Preset = {
  id: "audit-replay",
  title: "Replay audit logs",
  about: "put objects below replay/ in an audit bucket",
  parameters: [{ name: "bucket", label: "Bucket", kind: "bucket", example: "acme-audit-logs", optional: false }],
  grants: [{ id: "put", label: "Put", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::{bucket}/replay/*"], conditions: {}, default: true }],
};

const someBrought: Brought = {
  chainedRoles: [
    { name: "Narrowed", arn: "arn:{partition}:iam::{account}:role/daypass/Daypass-Scoped", externalId: null, fromRole: "*", fromAccount: "*", takesTags: true, takesSourceIdentity: true, source: "organisation" },
    { name: "audit", arn: "arn:aws:iam::111122223333:role/daypass/Audit", externalId: "acme-audit", fromRole: "Administrator*", fromAccount: "*-prod", takesTags: false, takesSourceIdentity: false, source: "config" },
  ],
  presets: [replay],
  rules: [{ role: "IncidentResponder", account: "*", longest: 3600, reasonRequired: true }],
  accounts: [{ pattern: "*-prod", environment: "production", colour: "red", duration: null, region: null }],
};

/** What previews are told to say, and forms to offer. */
export interface Told {
  preview: Partial<Preview>;
  options: Partial<Options>;
}

/** What the request form asks for. */
export function scoped(intent: Extract<Intent, { kind: "options" | "preview" | "limits" | "brought" }>, told: Told): Partial<Answer> {
  if (intent.kind === "options") return { options: { ...someOptions(intent.role), ...told.options } };
  if (intent.kind === "limits") return { limits: intent.typed.flatMap(limitOf) };
  if (intent.kind === "brought") return { brought: someBrought };
  return { preview: { ...previewOf(intent.request, intent.probe), ...told.preview } };
}

export function passesAfter(passes: readonly Pass[], intent: Extract<Intent, { kind: "savePass" | "removePass" }>): Pass[] {
  const gone = intent.kind === "savePass" ? intent.pass.name : intent.name;
  const others = passes.filter(({ name }) => name !== gone);
  return intent.kind === "savePass" ? [...others, intent.pass] : others;
}

export function passOf(passes: readonly Pass[], name: string): Pass {
  const pass = passes.find((one) => one.name === name);
  if (!pass) throw unknownPass;
  return pass;
}

/** Why a request cannot be as it is. */
export function refusedOf(request: SessionRequest): Failure | null {
  if (!isWhole(request.scope) && request.path.length === 0) return needsChain;
  if (request.duration > LONGEST) return tooLong;
  return asksForReason(request.role.role) && !request.reason ? reasonMissing : null;
}

const asksForReason = (role: string): boolean => role === "IncidentResponder";

function someOptions({ account, role }: RoleRef): Options {
  const arn = (name: string): string => `arn:aws:iam::${account}:role/daypass/${name}`;
  return {
    chains: role === "BillingViewer" ? [] : [
      { name: "Narrowed", role: arn("Daypass-Scoped"), externalId: null, takesTags: true, takesSourceIdentity: true, source: "organisation" },
      { name: "audit", role: arn("Audit"), externalId: "acme-audit", takesTags: false, takesSourceIdentity: false, source: "config" },
    ],
    presets: [bucket, table],
    organisationPresets: [replay],
    longest: role === "IncidentResponder" ? 3600 : null,
    reasonRequired: asksForReason(role),
    person: "dana@example.com",
    last: null,
  };
}

/** What the agent says of these texts; it knows those of the table only. */
function limitOf(typed: Typed, at: number): Limit[] {
  const row = limits.texts.find(({ field, text }) => field === typed.field && text === typed.text);
  return row ? [{ ...(row.limit as Limit), at }] : [];
}

/** Fills in presets and words the rest; the real agent compiles. */
function previewOf(request: SessionRequest, probe: Probe | null): Preview {
  const { base } = request.scope;
  const policy = base.kind === "custom" ? base.policy : base.kind === "preset" ? filled(base) : null;
  const characters = policy?.length ?? 0;
  return {
    policy,
    policyArns: [...request.scope.policies, ...(base.kind === "readOnly" ? ["arn:aws:iam::aws:policy/ReadOnlyAccess"] : base.kind === "managed" ? base.policies : [])],
    characters,
    isLong: characters > 2048,
    packedPercent: request.labels.tags.length * 11,
    mistake: base.kind === "custom" ? mistakeIn(base.policy) : null,
    refused: refusedOf(request),
    warned: null,
    nearest: request.duration > LONGEST ? { words: "Shorten to 12 h", request: { ...request, duration: LONGEST } } : null,
    verdict: probe === null ? null : policy?.includes(probe.action) ? "passes" : "notAllowed",
  };
}

function filled(base: { preset: string; values: { [key in string]?: string }; grants: readonly string[] | null }): string {
  const preset = [replay, bucket, table].find(({ id }) => id === base.preset) ?? bucket;
  const grants = preset.grants.filter(({ id, default: usual }) => base.grants?.includes(id) ?? usual);
  const lines = grants.map(({ actions, resources }) => JSON.stringify({ Effect: "Allow", Action: actions, Resource: resources }));
  const text = `{"Version":"2012-10-17","Statement":[\n${lines.join(",\n")}\n]}`;
  return text.replace(/\{(\w+)\}/g, (_, name: string) => base.values[name] ?? "");
}

function mistakeIn(policy: string): Preview["mistake"] {
  try {
    JSON.parse(policy);
    return null;
  } catch {
    const failure: Failure = { code: "policyNotJson", fact: "the policy is no JSON", advice: "Correct it at the place shown.", action: null };
    return { failure, line: 1, column: 1 };
  }
}
