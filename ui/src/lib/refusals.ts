// What the page itself cannot read, told as the agent tells its refusals.
import type { Failure } from "../ipc/bindings/Failure";

export const notALength: Failure = {
  code: "malformed",
  fact: "that is not a length of time",
  advice: "Type 90 min, 2 h, or a time of day like 17:30.",
  action: null,
};

export const notARegion: Failure = {
  code: "badRegion",
  fact: "that is not a Region",
  advice: "Type a Region's code, like eu-west-1.",
  action: null,
};

export const notAnAddress: Failure = {
  code: "startUrlNotAnAddress",
  fact: "the start URL is not a web address",
  advice: "It looks like https://acme.awsapps.com/start; your administrator has it.",
  action: null,
};

export const notHttps: Failure = {
  code: "startUrlNotHttps",
  fact: "the start URL does not begin with https://",
  advice: "Type the whole address, https:// included.",
  action: null,
};

export const notHours: Failure = {
  code: "malformed",
  fact: "that is not from one time of day to another",
  advice: "Type it like 22:00–07:00, or leave it empty.",
  action: null,
};

export const noName: Failure = {
  code: "malformed",
  fact: "the SSO session has no name",
  advice: "Name it as you call it; the AWS config file calls it [sso-session NAME].",
  action: null,
};

export const notADuration: Failure = {
  code: "malformed",
  fact: "that is not a length of time",
  advice: "Type 90 min, 2 h, or 1 h 30 min.",
  action: null,
};

const odd = (fact: string, advice: string): Failure => ({ code: "malformed", fact, advice, action: null });

export const notAService = odd("that is not a service", "Name services as in actions: s3, dynamodb, logs.");
export const notPolicies = odd("that is not the ARN of a managed policy", "It looks like arn:aws:iam::aws:policy/ReadOnlyAccess.");
export const notAddresses = odd("that is not an address or a range", "It looks like 203.0.113.7 or 203.0.113.0/24.");
export const notAnArn = odd("that is not the ARN of a role", "It looks like arn:aws:iam::111122223333:role/Name.");
export const notAnExternalId = odd("that is not an external ID", "It has 2 to 1224 letters, digits or +=,.@:/_-.");
export const notASessionName = odd(
  "session name and source identity cannot be that",
  "They have 2 to 64 letters, digits or +=,.@_-.",
);
export const notATag = odd(
  "a session tag has no key, or characters that tags cannot hold",
  "Letters, digits, spaces and _.:/=+-@; not beginning with aws:.",
);
