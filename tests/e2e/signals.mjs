// What the desktop tells by real signals of python-dbusmock's logind and screen saver: the screen locks, the machine sleeps.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

import { Daemon } from "./notify.mjs";
import { ENDED, LIVE, expect } from "./play.mjs";
import { until } from "./wait.mjs";

const LOGIND = ["org.freedesktop.login1", "/org/freedesktop/login1"];
const MANAGER = "org.freedesktop.login1.Manager";
const SAVER = ["org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"];

const SLEEPERS = ["DeveloperAccess@payments-staging", "ReadOnlyAccess@payments-staging", "AdministratorAccess@payments-prod"];

export const signals = (scenario) => {
  const { desk } = scenario;
  const call = async ([name, path], method, ...args) => {
    const { code, stdout, stderr } = await desk.run("gdbus", "call", "--session", "--timeout=5", `--dest=${name}`, `--object-path=${path}`, `--method=${method}`, ...args);
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
  const comes = async ([name], ...how) => {
    desk.start("/usr/bin/python3", ["-m", "dbusmock", ...how]);
    await until(`${name} answers`, () => desk.run("gdbus", "wait", "--session", "--timeout=1", name).then(({ code }) => code === 0));
  };
  const sleeps = async (falls) => {
    await call(LOGIND, "org.freedesktop.DBus.Mock.UpdateProperties", MANAGER, `{"PreparingForSleep": <${falls}>}`);
    await call(LOGIND, "org.freedesktop.DBus.Mock.EmitSignal", MANAGER, "PrepareForSleep", "b", `[<${falls}>]`);
  };
  const isHeldUp = async () => (await call(LOGIND, `${MANAGER}.ListInhibitors`)).includes("Daypass");
  const isSignedIn = async () => (await scenario.json("status")).ssoSessions[0].status === "signedIn";
  const daemon = new Daemon(desk);
  const told = () => daemon.asked.filter((line) => line.includes(" Notify "));
  let before;
  let window;
  return [
    ["a person with logind and a screen saver has a lease, and sleep would wait", async () => {
      const settings = desk.path("home/.config/daypass/settings.toml");
      mkdirSync(dirname(settings), { recursive: true });
      writeFileSync(settings, "[clearing]\nscreen-lock = \"at-once\"\n");
      await desk.startBus();
      // One bus for both: nothing of the machine's own is reached.
      desk.env.DBUS_SYSTEM_BUS_ADDRESS = desk.env.DBUS_SESSION_BUS_ADDRESS;
      await comes(LOGIND, "--template", "logind");
      await comes(SAVER, "--template", "gnome_screensaver");
      await daemon.come("notifications");
      await call(LOGIND, "org.freedesktop.DBus.Mock.AddSession", "1", "seat0", `${process.getuid()}`, "dana", "true");
      window = await scenario.signedIn();
      await scenario.json("request", "DeveloperAccess@payments-staging", "--for", "15m");
      await window.says(LIVE, /DeveloperAccess/, 30);
      await until("sleep is held up", isHeldUp);
    }],
    ["a locked screen ends the lease and keeps the sign-in", async () => {
      await call(SAVER, "org.gnome.ScreenSaver.SetActive", "true");
      await window.says(ENDED, /The screen was locked\./);
      expect(await isSignedIn(), "the sign-in went");
      await call(SAVER, "org.gnome.ScreenSaver.SetActive", "false");
    }],
    ["so does a session that logind locks", async () => {
      await scenario.json("request", "DeveloperAccess@payments-staging", "--for", "15m");
      await window.says(LIVE, /DeveloperAccess/, 30);
      await call(["org.freedesktop.login1", "/org/freedesktop/login1/session/1"], "org.freedesktop.login1.Session.Lock");
      await until("no lease lives", async () => (await scenario.json("status")).liveSessions === 0);
      expect(await isSignedIn(), "the sign-in went");
    }],
    ["sleep clears everything before it is let go", async () => {
      // What ended before is not told again with what ends now.
      const ended = (count) => until(`${count} ended leases are shown`, () => window.look(`document.querySelectorAll(${JSON.stringify(ENDED)}).length === ${count}`));
      for (const left of [1, 0]) {
        await ended(left + 1);
        await window.clickButton("Dismiss");
        await ended(left);
      }
      for (const role of SLEEPERS) await scenario.json("request", role, "--for", "15m");
      await until("three leases live", async () => (await scenario.json("status")).liveSessions === 3);
      before = told().length;
      await sleeps(true);
      await until("sleep is let go", async () => !(await isHeldUp()));
      await window.says(ENDED, /The computer went to sleep\./);
      expect(!(await isSignedIn()), "the sign-in is still there");
    }],
    ["awake again, sleep would wait again, and one notification tells of all three leases", async () => {
      await sleeps(false);
      await until("sleep is held up", isHeldUp);
      const summary = await daemon.shows(/3 leases ended while the machine slept/);
      for (const role of SLEEPERS) expect(summary.includes(role.replace("@", " in ")), `${role} is missing: ${summary}`);
      expect(summary.includes("The computer went to sleep."), summary);
      expect(told().length === before + 1, `it was told ${told().slice(before).join("\n")}`);
    }],
  ];
};
