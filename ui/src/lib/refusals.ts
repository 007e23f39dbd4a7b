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
