// Notifications: a daemon shows them and its buttons work; without one, or with one that never answers, the window does.
import { existsSync, readFileSync } from "node:fs";

import { ENDED, LIVE, expect } from "./play.mjs";
import { until } from "./wait.mjs";

const NAME = "org.freedesktop.Notifications";
const PATH = "/org/freedesktop/Notifications";
const NOTICE = "[data-testid=notification]";
/** A moment longer than the last time a lease is told of, so that it is told of after that moment. */
const SHORT = ["--for", "62s"];

/** python-dbusmock's notification daemon, on the desk's bus. */
export class Daemon {
  #desk;
  #log;
  #child;

  constructor(desk) {
    this.#desk = desk;
  }

  async come(name) {
    this.#log = this.#desk.path(`${name}.log`);
    const able = JSON.stringify({ capabilities: "actions body body-markup" });
    this.#child = this.#desk.start("/usr/bin/python3", ["-m", "dbusmock", "-l", this.#log, "--template", "notification_daemon", "-p", able]);
    await until("the notification daemon answers", async () => (await this.#call("GetServerInformation")).code === 0);
  }

  go() {
    this.#child.kill();
  }

  /** What it was asked to show and to close, one line each. A browser asks for its capabilities. */
  get asked() {
    return existsSync(this.#log) ? readFileSync(this.#log, "utf8").split("\n").filter((line) => / (Notify|CloseNotification) /.test(line)) : [];
  }

  /** The last notification that matches, once there are `count` of them. */
  shows(pattern, count = 1) {
    return until(`a notification says ${pattern}`, () => {
      const found = this.asked.filter((line) => line.includes(" Notify ") && pattern.test(line));
      return found.length >= count && found.at(-1);
    }, 75);
  }

  async presses(number, button) {
    const { code, stderr } = await this.#call("org.freedesktop.DBus.Mock.EmitSignal", NAME, "ActionInvoked", "us", `[<uint32 ${number}>, <'${button}'>]`);
    expect(code === 0, `the daemon could not be pressed: ${stderr}`);
  }

  #call(method, ...args) {
    const whole = method.includes(".") ? method : `${NAME}.${method}`;
    return this.#desk.run("gdbus", "call", "--session", "--timeout=5", `--dest=${NAME}`, `--object-path=${PATH}`, `--method=${whole}`, ...args);
  }
}

/** Takes a lease by the command. */
const take = (scenario, role, ...how) => scenario.json("request", role, ...how);

export const notifications = (scenario) => {
  const { desk } = scenario;
  const daemon = new Daemon(desk);
  const lease = async () => (await scenario.json("sessions")).find(({ role }) => role === "DeveloperAccess");
  const notEarly = () => expect(!daemon.asked.some((line) => /ReadOnlyAccess in payments-staging ends in/.test(line)), "the short one was told before its end");
  let window;
  let end;
  return [
    ["the window opens beside a notification daemon, which is not bothered", async () => {
      await desk.startBus();
      await daemon.come("first");
      window = await scenario.signedIn();
      expect(daemon.asked.length === 0, `it was asked ${daemon.asked}`);
    }],
    ["taking a lease that is nearly over tells nothing at once", async () => {
      await take(scenario, "ReadOnlyAccess@payments-staging", "--for", "60s");
      expect(daemon.asked.length === 0, `it was asked ${daemon.asked}`);
    }],
    ["a lease that nears its end is told of, with its buttons", async () => {
      await take(scenario, "DeveloperAccess@payments-staging", ...SHORT);
      end = (await lease()).leaseEnd;
      const told = await daemon.shows(/DeveloperAccess in payments-staging ends in 1 min/);
      notEarly();
      for (const word of ["Renew", "End", "Open", "app.daypass.Daypass"]) expect(told.includes(`"${word}"`), `${word} is missing: ${told}`);
    }],
    ["Renew renews it in the agent, and the notification goes", async () => {
      await daemon.presses(1, "renew");
      await until("the lease lasts longer", async () => (await lease()).leaseEnd > end);
      await until("the notification is taken away", () => daemon.asked.some((line) => / CloseNotification .*1/.test(line)));
    }],
    ["the renewed lease is told of anew, and End ends it", async () => {
      await daemon.shows(/DeveloperAccess in payments-staging ends in 1 min/, 2);
      await daemon.presses(2, "end");
      await window.says(ENDED, /DeveloperAccess.*You ended it/);
    }],
    ["when the daemon goes, the window tells it", async () => {
      daemon.go();
      await take(scenario, "DeveloperAccess@payments-staging", ...SHORT);
      await window.says(NOTICE, /DeveloperAccess in payments-staging ends in 1 min.*Renew.*End/, 30);
      await window.says(".toasts", /No notification daemon answers: notices stand here/);
      await scenario.picture("notifications");
    }],
    ["when it comes again, it is told, and no longer the window", async () => {
      await daemon.come("second");
      await daemon.shows(/DeveloperAccess in payments-staging ends in 1 min/);
      await until("the window tells nothing", async () => (await window.text(NOTICE)) === null);
    }],
    ["a lease that ended on time is told of with what was wiped; one ended by hand is not", async () => {
      await window.click(`${LIVE} [data-testid=end]`);
      const told = await daemon.shows(/ReadOnlyAccess in payments-staging ended/);
      expect(/pages? wiped from memory\. The lease ran out\. AWS (accepts key …[A-Z0-9]{4} until|no longer accepts)/.test(told), told);
      expect(!daemon.asked.some((line) => /DeveloperAccess in payments-staging ended/.test(line)), "the other was told too");
      notEarly();
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};

const MUTE = `import dbus, time
bus = dbus.SessionBus()
bus.request_name("${NAME}")
print("there", flush=True)
time.sleep(600)`;

/** Starts a daemon that takes calls and never answers. */
export async function startMute(desk) {
  const daemon = desk.start("/usr/bin/python3", ["-c", MUTE]);
  await new Promise((there) => daemon.stdout.once("data", there));
}

export const mute = (scenario) => {
  const { desk } = scenario;
  let window;
  return [
    ["the window opens although the notification daemon never answers", async () => {
      await desk.startBus();
      await startMute(desk);
      window = await scenario.signedIn();
      await window.showedInTime();
    }],
    ["the window tells what the daemon does not, and its button works", async () => {
      await take(scenario, "DeveloperAccess@payments-staging", ...SHORT);
      await window.says(NOTICE, /ends in 1 min/, 30);
      await window.says(".toasts", /No notification daemon answers: notices stand here/);
      await window.click(`${NOTICE} .btn`);
      await until("the notification is gone", async () => (await window.text(NOTICE)) === null);
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};
