// The main job: sign in, take a lease, work in terminal and console, and nothing works afterwards.
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

import { CHOSEN, ENDED, LIVE, expect } from "./play.mjs";
import { until } from "./wait.mjs";

/** The person in the terminal: asks who they are, waits to be told, and asks again. */
class Terminal {
  #desk;

  constructor(desk) {
    this.#desk = desk;
    const shell = desk.script("shell", `#!/bin/bash
cd '${desk.folder}'
ask() {
  daypass whoami --json >"$1-daypass" 2>"$1-daypass.error"; echo $? >"$1-daypass.code"
  aws sts get-caller-identity --output json >"$1-aws" 2>"$1-aws.error"; echo $? >"$1-aws.code"
  touch "$1-done"
}
tty >terminal; env | grep -c '^AWS_SECRET_ACCESS_KEY=' >raw-keys; env | grep -c '^WEBKIT_SKIA_' >webkit
ask first
until [ -e go-on ]; do sleep 0.1; done
ask second
`);
    desk.env.DAYPASS_TERMINAL = `xterm -e env "SHELL=${shell}" {}`;
  }

  goOn() {
    writeFileSync(this.#desk.path("go-on"), "");
  }

  said(name) {
    return readFileSync(this.#desk.path(name), "utf8").trim();
  }

  /** What the person was told. */
  async told(when) {
    const trace = () => ["aws", "daypass"].map((who) => existsSync(this.#desk.path(`${when}-${who}.error`)) ? this.said(`${when}-${who}.error`) : "").join(" ");
    await until(`the terminal has asked the ${when} time`, () => {
      if (existsSync(this.#desk.path(`${when}-done`))) return true;
      throw new Error(trace() || "nothing was asked yet");
    }, 60);
    const one = (who) => ({ code: Number(this.said(`${when}-${who}.code`)), out: this.said(`${when}-${who}`), error: this.said(`${when}-${who}.error`) });
    return { aws: one("aws"), daypass: one("daypass") };
  }
}

export const byMouse = (scenario) => {
  const { desk } = scenario;
  const terminal = new Terminal(desk);
  let window;
  let role;
  return [
    ["the window opens on the practice organisation", async () => {
      await scenario.desk.startBus();
      window = await scenario.open("--practice");
      await scenario.isReady();
      await scenario.picture("welcome");
    }],
    ["one click signs in, through the page in the browser", async () => {
      await window.click("[data-testid=sign-in]");
      const [visit] = await scenario.visits(1);
      expect(visit.wasAsked && /Back to Daypass/.test(visit.text), `the last page said “${visit.text}”`);
      await window.says("[data-testid=practice-badge]", /Practice/);
    }],
    ["214 roles in 71 accounts are listed", async () => {
      await scenario.lists("214 roles");
      await window.says("footer", /71 accounts/);
    }],
    ["a role is found by typing and chosen by the arrows", async () => {
      await window.press("/");
      await window.type("staging dev");
      await window.says(CHOSEN, /staging|Dev/i);
      const first = await scenario.chosen();
      await window.press("ArrowDown");
      role = await until("the arrow moves on", async () => {
        const chosen = await scenario.chosen();
        return (chosen.role !== first.role || chosen.account !== first.account) && chosen;
      });
    }],
    ["Enter takes a lease and opens the console as that role", async () => {
      await window.press("Enter");
      await window.says(LIVE, new RegExp(role.role), 30);
      const [session] = await scenario.json("sessions");
      expect(session.role === role.role && session.account === role.account, `the lease is on ${JSON.stringify(session)}`);
      const { text } = (await scenario.visits(2))[1];
      for (const word of [role.role, role.account, session.accountName, "dana@example.com"]) {
        expect(text.includes(word), `the console page lacks ${word}: “${text}”`);
      }
    }],
    ["the countdown falls", async () => {
      const countdown = () => window.text(`${LIVE} [data-testid=countdown]`);
      const before = seconds(await countdown());
      const after = await until("the countdown moves", async () => {
        const now = seconds(await countdown());
        return now !== before && now;
      });
      expect(after < before && after > before - 10, `it went from ${before} s to ${after} s`);
      await scenario.picture("main");
    }],
    ["the terminal has that role", async () => {
      await window.click(`${LIVE} [data-testid=open-terminal]`);
      expectRole(await terminal.told("first"), role);
      expect(/^\/dev\/pts\//.test(terminal.said("terminal")), "it is no terminal");
      expect(terminal.said("raw-keys") === "0", "raw keys are in its environment");
      expect(terminal.said("webkit") === "0", "what the window sets for WebKit is in its environment");
    }],
    ["the processor paints the page where no graphics card does", async () => {
      const hasCard = existsSync("/dev/dri") && readdirSync("/dev/dri").some((name) => name.startsWith("renderD"));
      const [{ pid }] = scenario.running("WebKitWebProcess");
      const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
      expect(variables.includes("WEBKIT_SKIA_ENABLE_CPU_RENDERING=1") === !hasCard, `a graphics card: ${hasCard}; ${variables.filter((one) => /^WEBKIT/.test(one))}`);
    }],
    ["the request form opens and closes", async () => {
      await window.click(`${CHOSEN} [data-testid=request]`);
      await window.says("[data-testid=request-sheet]", new RegExp(role.role));
      await scenario.picture("request");
      await window.press("Escape");
      await until("the form is gone", () => window.look(`document.querySelector("[data-testid=request-sheet]") === null`));
    }],
    ["End wipes, and says what and until when", async () => {
      await window.click(`${LIVE} [data-testid=end]`);
      const text = await window.says(ENDED, /wiped/);
      expect(/\d+ pages? wiped from memory/.test(text), `the card says “${text}”`);
      expect(/AWS accepts key ….{4} until (?:\w{3} )?\d/.test(text), `the card says “${text}”`);
      await scenario.picture("ended");
    }],
    ["Activity has all of it, and the chain is whole", async () => {
      await window.click("[data-testid=open-activity]");
      await window.says("[data-testid=verdict]", /chain verified, \d+ entries/);
      const said = await window.text("[data-testid=activity]");
      for (const event of [/Signed in with the browser/, /Session granted, .*window/s, /Console opened/, /Terminal opened/, /Ticket given/, /Credentials served.*aws \(pid \d+\)/s, /Session ended, \d pages wiped/]) {
        expect(event.test(said), `${event} is not in “${said}”`);
      }
      await scenario.picture("activity");
      await window.press("Escape");
      await until("the list is back", () => window.look(`document.querySelector("#role-list") !== null`));
    }],
    ["the same terminal has nothing any more", () => expectNothing(terminal)],
    ["signing out leaves nobody signed in", async () => {
      await window.click("header [aria-haspopup=dialog]");
      await window.click("[data-testid=sign-out]");
      await window.says("header [aria-haspopup=dialog]", /signed out/);
      const status = await scenario.json("status");
      expect(status.liveSessions === 0 && !status.endpointListens, `something is still live: ${JSON.stringify(status)}`);
      expect(status.ssoSessions.every((sso) => sso.status === "signedOut"), "somebody is still signed in");
    }],
    ["no command line ever held a secret", () => {
      expect(desk.exposed().length === 0, desk.exposed().join("\n"));
    }],
    ["a secret on a command line would have been seen", async () => {
      const planted = `ASIA${"Q".repeat(16)}`;
      // It stays until it is seen: a busy machine may look late.
      const thief = desk.start("sh", ["-c", "read end", planted]);
      await until("the planted one is seen", () => desk.exposed().some((line) => line.includes(planted)));
      thief.stdin.end();
    }],
    ["no file holds a secret", () => {
      expect(desk.filesWithSecrets().length === 0, desk.filesWithSecrets().join("\n"));
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};

export const byKeyboard = (scenario) => {
  const terminal = new Terminal(scenario.desk);
  let window;
  let role;
  return [
    ["the window opens, dark as the desktop is", async () => {
      await scenario.desk.startBus();
      window = await scenario.open("--practice");
      await scenario.isReady();
      expect(await window.look(`matchMedia("(prefers-color-scheme: dark)").matches`), "the page is not dark");
      await scenario.picture("welcome");
    }],
    ["Tab and Enter sign in", async () => {
      await window.tabTo("sign-in");
      await window.press("Enter");
      await scenario.visits(1);
      await window.says("[data-testid=practice-badge]", /Practice/);
    }],
    ["Shift Enter opens the form of the role found", async () => {
      await scenario.lists("214 roles");
      await window.press("/");
      await window.type("payments-prod read");
      await window.says(CHOSEN, /ReadOnly/);
      role = await scenario.chosen();
      await window.press("Shift", "Enter");
      await window.says("[data-testid=request-sheet]", new RegExp(role.role));
    }],
    ["length and reason are given, and Enter sends them", async () => {
      await window.press("ArrowLeft");
      await window.tabTo("reason", 5);
      await window.type("TICKET-4821 replay missing audit logs");
      await window.says("[data-testid=submit-request]", /Request for 30 min/);
      await scenario.picture("request");
      await window.press("Enter");
      await window.says(LIVE, /TICKET-4821/, 30);
      const [session] = await scenario.json("sessions");
      expect(session.role === role.role && /^TICKET-4821 /.test(session.reason), `the lease is on ${JSON.stringify(session)}`);
      const left = seconds(await window.text(`${LIVE} [data-testid=countdown]`));
      expect(left <= 1800 && left > 1700, `${left} s are left of 30 minutes`);
      await scenario.visits(2);
    }],
    ["Ctrl Enter opens a terminal on the same lease", async () => {
      await window.press("Control", "Enter");
      expectRole(await terminal.told("first"), role);
      expect((await scenario.json("sessions")).length === 1, "a second lease was taken");
      await window.press("Escape");
      await scenario.picture("main");
    }],
    ["the end is reached by Tab and Enter", async () => {
      await window.tabTo("end", 60);
      await window.press("Enter");
      await window.says(ENDED, /wiped/);
      await scenario.picture("ended");
    }],
    ["the same terminal has nothing any more", () => expectNothing(terminal)],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};

function expectRole({ daypass: own, aws }, { role, account }) {
  expect(own.code === 0, `daypass whoami ended with ${own.code}: ${own.error}`);
  expect(aws.code === 0, `aws ended with ${aws.code}: ${aws.error}`);
  const who = JSON.parse(own.out);
  expect(who.role === role && who.account === account && who.inTheWay.length === 0, `whoami says ${own.out}`);
  const { Account, Arn } = JSON.parse(aws.out);
  expect(Account === account && Arn.includes(`_${role}_`), `AWS says ${aws.out}`);
}

async function expectNothing(terminal) {
  terminal.goOn();
  const { daypass: own, aws } = await terminal.told("second");
  expect(own.code === 4, `daypass whoami ended with ${own.code}: ${own.out} ${own.error}`);
  expect(aws.code !== 0 && aws.out === "", `aws ended with ${aws.code}: ${aws.out}`);
  expect(/credentials|refused|connect|404/i.test(aws.error), `aws failed for another reason: ${aws.error}`);
}

function seconds(countdown) {
  return (countdown ?? "").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}
