// The real tray: its menu is read and clicked over the message bus, as a desktop's panel does, and the agent follows.
// Usage: tray.mjs FOLDER_OF_THE_PROGRAMS [STORY]   (under a display)
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { Desk } from "./desk.mjs";
import { Panel } from "./panel.mjs";
import { opening } from "./tray_opens.mjs";
import { until } from "./wait.mjs";
import { Window } from "./window.mjs";

const programs = resolve(process.argv[2] ?? "target/debug");
const only = process.argv[3];
const person = fileURLToPath(new URL("person.mjs", import.meta.url));
const desktop = join(programs, "daypass-desktop");

const NO_TRAY = "[data-testid=no-tray]";

let failed = 0;

/** A desk with a window manager, and what was opened in the browser or a terminal there. */
class Place {
  constructor() {
    this.desk = new Desk("light", []);
    this.visited = this.desk.path("visited");
    appendFileSync(this.visited, "");
    const terminal = this.desk.script("terminal", `#!/bin/sh\necho "$@" >>'${this.desk.path("terminals")}'\n`);
    Object.assign(this.desk.env, {
      DAYPASS_BROWSER: `"${process.execPath}" "${person}" "${this.visited}"`,
      DAYPASS_TERMINAL: `${terminal} {}`,
    });
  }

  async start(...args) {
    await this.desk.startBus();
    this.desk.start("openbox", ["--sm-disable"]);
    this.panel = await Panel.come(this.desk);
    this.desk.start(desktop, ["--practice", ...args]);
  }

  /** The window, driven. */
  open(...args) {
    return Window.open(this.desk, desktop, args);
  }

  visits() {
    return readFileSync(this.visited, "utf8").trim().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  }

  async visit(count) {
    const visits = await until(`${count} pages opened in the browser`, () => this.visits().length >= count && this.visits(), 60);
    return visits[count - 1];
  }

  async json(...words) {
    const { code, stdout, stderr } = await this.desk.run(join(programs, "daypass"), ...words, "--json");
    expect(code === 0, `daypass ${words.join(" ")} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** The leases that live, once there are as many. */
  live(count) {
    return until(`${count} leases live`, async () => {
      const all = await this.json("sessions");
      const live = all.filter(({ phase }) => phase === "active" || phase === "expiring");
      if (live.length !== count) throw new Error(JSON.stringify(all));
      return live;
    }, 30);
  }

  async isShown() {
    const { stdout } = await this.desk.run("xwininfo", "-name", "Daypass");
    return /Map State: IsViewable/.test(stdout);
  }

  async clear() {
    // The agent shows its environment to nobody but root, so it is told rather than looked for.
    await this.desk.run(join(programs, "daypass"), "quit");
    await this.desk.clear();
  }
}

async function byTray(place, step) {
  await place.start();
  const { desk, panel } = place;
  const LEASE = /^\S+ · \S+ · \d/;
  const ASKED = /^\S+ · \S+ · requested/;
  let role;
  let icons = {};

  await step("the icon comes to the panel, and says that nobody is signed in", async () => {
    const { sizes, icon } = await panel.look();
    expect(sizes.join() === "16,22,24,32,48", `it has the sizes ${sizes}`);
    await until("its tooltip says so", async () => /Nobody is signed in/.test((await panel.look()).words));
    icons.signIn = (await panel.look()).icon;
    expect(icon.length > 0, "it has no picture");
  });
  await step("signing in from the menu opens the browser", async () => {
    await panel.choose(/signed out/, /^Sign in$/);
    expect((await place.visit(1)).wasAsked, "nobody was asked");
    await panel.find(/signed in since (?:\w{3} )?\d\d:\d\d/);
    icons.idle = (await panel.look()).icon;
    expect(icons.idle !== icons.signIn, "the icon is the same as before");
  });
  await step("a lease taken elsewhere is in the menu, with the minutes left and a mark", async () => {
    await until("the roles are listed", async () => (await place.json("roles")).length === 214, 30);
    [role] = (await place.json("roles")).filter(({ accountName }) => /prod/.test(accountName));
    await place.json("request", `${role.role}@${role.account}`, "--for", "42m");
    const lease = await panel.find(LEASE);
    expect(lease.label === `${role.role} · ${role.accountName} · 42 min`, `it says “${lease.label}”`);
    expect(lease.mark > 0, "production wears no colour");
    const inside = lease.items.map(({ label }) => label).join();
    expect(inside === "Console,Terminal,Copy env command,Renew,End", `inside it has ${inside}`);
    icons.live = (await panel.look()).icon;
    expect(new Set(Object.values(icons)).size === 3, "the icon is the same as before");
  });
  await step("Copy env command puts a command on the clipboard, and no key", async () => {
    const [{ session }] = await place.live(1);
    await panel.choose(LEASE, /^Copy env command$/);
    const wanted = `eval "$(daypass env --session ${session})"`;
    await until("the clipboard has it", async () => (await desk.run("xclip", "-o", "-selection", "clipboard")).stdout === wanted);
  });
  await step("Terminal opens one on the lease", async () => {
    const [{ session }] = await place.live(1);
    await panel.choose(LEASE, /^Terminal$/);
    await until("a terminal was opened", () => readFileSync(desk.path("terminals"), "utf8").includes(session));
  });
  await step("Console opens the console as that role", async () => {
    await panel.choose(LEASE, /^Console$/);
    const { text } = await place.visit(2);
    expect(text.includes(role.role) && text.includes(role.account), `the page says “${text}”`);
  });
  await step("what is on its way to a menu that is gone reaches nothing else", async () => {
    const [first] = await place.live(1);
    const end = await panel.find(LEASE, /^End$/);
    await place.json("end", first.session);
    const [second] = (await place.json("roles")).filter(({ account, role: name }) => account !== role.account || name !== role.role);
    await place.json("request", `${second.role}@${second.account}`, "--for", "6m");
    await panel.find(new RegExp(`^${second.role} · ${second.accountName} · 6 min`));
    const refused = await panel.chooseId(end.id).then(() => "nothing", (error) => error.message);
    expect(/not found/.test(refused), `it was answered with ${refused}`);
    await place.live(1);
  });
  await step("End ends it", async () => {
    await panel.choose(LEASE, /^End$/);
    await place.live(0);
    await until("the menu has no lease", async () => !(await panel.labels()).some((label) => LEASE.test(label) || ASKED.test(label)));
    expect((await panel.look()).icon === icons.idle, "the icon still shows a lease");
  });
  await step("a recent role is taken again as it was, and opens what was opened last", async () => {
    const opened = place.visits().length;
    const name = `${role.role} · ${role.accountName}`;
    const { items } = await panel.find(/^Open in another way$/, new RegExp(`^${name}$`));
    expect(items.map(({ label }) => label).join() === "Console,Terminal,Request…", JSON.stringify(items));
    await panel.choose(new RegExp(`^${name} · console, 42 min$`));
    const [lease] = await place.live(1);
    expect(lease.role === role.role && lease.account === role.account, JSON.stringify(lease));
    await place.visit(opened + 1);
    const { label } = await panel.find(LEASE);
    expect(/· 42 min$/.test(label), `it says “${label}”`);
  });
  await step("a favourite is there while its lease lives, and opens a terminal on that lease", async () => {
    const [lease] = await place.live(1);
    const settings = desk.path("home/.config/daypass/settings.toml");
    const favourite = `favourites = ["${role.ssoSession}/${role.role}@${role.account}"]`;
    const rest = existsSync(settings) ? readFileSync(settings, "utf8").replace(/^favourites = .*$/m, "") : "";
    mkdirSync(dirname(settings), { recursive: true });
    writeFileSync(settings, `${favourite}\n${rest}`);
    await panel.choose(/^Open in another way$/, new RegExp(`^★ ${role.role} · ${role.accountName}$`), /^Terminal$/);
    const opened = () => readFileSync(desk.path("terminals"), "utf8").includes(lease.session);
    await until("a terminal was opened on it", opened);
    expect((await place.live(1))[0].session === lease.session, "another lease was taken");
    const terminals = () => readFileSync(desk.path("terminals"), "utf8").split(lease.session).length;
    const before = terminals();
    await panel.choose(new RegExp(`^★ ${role.role} · ${role.accountName} · terminal, `));
    await until("another terminal was opened on it", () => terminals() === before + 1);
    expect((await place.live(1))[0].session === lease.session, "another lease was taken");
  });
  await step("End all and wipe does so", async () => {
    await panel.choose(/^End all and wipe$/);
    await place.live(0);
    expect(!(await panel.find(/^End all and wipe$/)).enabled, "it can still be chosen");
  });
  await step("labels count down in place, every ten seconds near the end", async () => {
    await place.json("request", `${role.role}@${role.account}`, "--for", "2m");
    const before = await panel.find(LEASE);
    const { revision } = await panel.menu();
    expect(/· (2 min|1 min \d0 s)$/.test(before.label), `it says “${before.label}”`);
    const after = await until("the label changes", async () => {
      const lease = await panel.find(LEASE);
      return lease.label !== before.label && lease;
    });
    expect(/· 1 min \d0 s$/.test(after.label), `it says “${after.label}”`);
    expect(after.id === before.id && (await panel.menu()).revision === revision, "the menu was built anew");
    expect((await panel.told()).ItemsPropertiesUpdated > 0, "nobody was told of another label");
    icons.soon = (await panel.look()).icon;
    expect(new Set(Object.values(icons)).size === 4, "the icon does not tell that it ends soon");
    expect(/1 min \d0 s left/.test((await panel.look()).words), (await panel.look()).words);
  });
  await step("Renew gives it its time again", async () => {
    const [{ leaseEnd }] = await place.live(1);
    await panel.choose(LEASE, /^Renew$/);
    await until("it ends later", async () => Date.parse((await place.live(1))[0].leaseEnd) > Date.parse(leaseEnd));
  });
  const shown = (is) => until(`the window is ${is ? "" : "not "}there`, async () => (await place.isShown()) === is);
  const hide = async () => {
    await shown(true);
    await desk.run("xdotool", "search", "--onlyvisible", "--name", "^Daypass$", "windowactivate", "--sync");
    await panel.press("left");
    await shown(false);
  };
  await step("a click on the icon hides the window, another brings it back", async () => {
    await hide();
    await panel.press("left");
    await shown(true);
  });
  await step("a minute after it was hidden its web process is gone, and a click brings the window back", async () => {
    const pages = () => desk.processes().filter(({ command }) => command.includes("WebKitWebProcess")).length;
    const before = pages();
    await hide();
    await until("a web process is gone", () => pages() < before, 90);
    await panel.press("left");
    await shown(true);
    expect(pages() === before, `${pages()} web processes run, and ${before} did before`);
  });
  await step("Sign out signs out", async () => {
    await panel.choose(/signed in since/, /^Sign out$/);
    await panel.find(/signed out/, /^Sign in$/);
    expect((await panel.look()).icon === icons.signIn, "the icon does not say so");
  });
  await step("a panel that restarts gets it back, and another menu of the same things", async () => {
    let before = [];
    let looks = 0;
    // The agent goes on afresh after a sign-out, and the menu follows.
    await until("the menu rests", async () => {
      const labels = await panel.labels();
      looks = labels.join() === before.join() ? looks + 1 : 0;
      before = labels;
      return looks === 20;
    });
    await panel.leave();
    place.panel = await Panel.come(desk);
    await until("the same labels", async () => {
      const labels = await place.panel.labels();
      if (labels.join() !== before.join()) throw new Error(`${labels.join(" | ")}, and before ${before.join(" | ")}`);
      return true;
    });
  });
  await step("Quit ends window and agent", async () => {
    await place.panel.choose(/^Quit$/);
    await until("no program of Daypass runs", () => {
      const left = desk.processes().filter(({ command }) => command.startsWith(programs));
      if (left.length > 0) throw new Error(left.map(({ command }) => command).join());
      return true;
    });
    expect((await place.json("status")).agentRuns === false, "the agent still runs");
  });
}

async function hidden(place, step) {
  const { desk } = place;
  const shown = (is) => until(`the window is ${is ? "" : "not "}there`, async () => (await place.isShown()) === is);
  const closes = async () => {
    await desk.run("xdotool", "search", "--onlyvisible", "--name", "^Daypass$", "windowactivate", "--sync");
    await desk.run("xdotool", "key", "alt+F4");
    await shown(false);
  };
  await step("started hidden, it is in the panel and nowhere else, and a click shows it", async () => {
    await place.start("--hidden");
    await place.panel.choose(/signed out/, /^Sign in$/);
    await place.panel.find(/signed in since/);
    expect(!(await place.isShown()), "the window is there");
    await place.panel.press("left");
    await shown(true);
  });
  await step("closing it hides it and does not minimise it, and nothing is lost", async () => {
    const [role] = await until("the roles are listed", async () => {
      const roles = await place.json("roles");
      return roles.length === 214 && roles;
    }, 30);
    const { session } = await place.json("request", `${role.role}@${role.account}`, "--for", "9m");
    await closes();
    expect(!(await desk.run("xprop", "-name", "Daypass", "WM_STATE")).stdout.includes("Iconic"), "it is minimised");
    expect((await place.live(1))[0].session === session, "the lease is another");
    await place.panel.find(/· 9 min$|· 8 min$/);
    await place.panel.press("left");
    await shown(true);
  });
  await step("what no notification daemon shows is in the menu, and its line brings up the window", async () => {
    const [{ role, account }] = (await place.json("roles")).slice(1);
    await closes();
    await place.json("request", `${role}@${account}`, "--for", "62s");
    await place.panel.choose(new RegExp(`^${role} in \\S+ ends in 1 min$`));
    await shown(true);
  });
}

async function comingAndGoing(place, step) {
  const { desk } = place;
  let window;
  let panel;
  const hasTray = (has) => until(`the window says that a panel ${has ? "shows" : "does not show"} it`, async () =>
    ((await window.text(NO_TRAY)) === null) === has);

  await step("without a panel the window opens, and says so", async () => {
    await desk.startBus();
    window = await place.open("--practice");
    await until("the start URL is filled in", () =>
      window.look(`document.querySelector("[data-testid=start-url]")?.value.startsWith("http://127.0.0.1:") || null`), 30);
    await window.showedInTime();
    await saysWhatIsMissing(window);
  });
  await step("a panel that comes late has the icon", async () => {
    panel = await Panel.come(desk);
    await panel.look();
    await hasTray(true);
  });
  await step("one that goes leaves a window that says so, and one that comes instead has it again", async () => {
    await panel.leave();
    await hasTray(false);
    panel = await Panel.come(desk);
    await panel.look();
    await hasTray(true);
  });
  await step("a watcher without anybody who draws is no panel", async () => {
    await panel.host(false);
    await hasTray(false);
    await panel.host(true);
    await hasTray(true);
  });
  await window.close();
}

async function withoutBus(place, step) {
  await step("without a message bus the window opens", () => opens(place.desk, { DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere" }));
}

async function withSilentBus(place, step) {
  await step("with a bus that never answers the window opens", async () => {
    const path = place.desk.path("silent");
    const server = createServer(() => {});
    await new Promise((listens) => { server.listen(path, listens); });
    try {
      await opens(place.desk, { DBUS_SESSION_BUS_ADDRESS: `unix:path=${path}` });
    } finally {
      server.close();
    }
  });
}

async function opens(desk, env) {
  Object.assign(desk.env, env);
  const window = await Window.open(desk, desktop, ["--practice"]);
  await until("the start URL is filled in", () =>
    window.look(`document.querySelector("[data-testid=start-url]")?.value.startsWith("http://127.0.0.1:") || null`), 15);
  await window.showedInTime();
  await saysWhatIsMissing(window);
  await window.close();
}

/** The settings say that there is neither a tray nor a notification daemon. */
async function saysWhatIsMissing(window) {
  await window.press("Control", ",");
  await window.click("[data-part=notifications]");
  await window.says(NO_TRAY, /No panel here has a tray/);
  await window.says("[data-testid=no-notifier]", /No notification daemon answers/);
}

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}

const stories = [byTray, opening, hidden, comingAndGoing, withoutBus, withSilentBus];
for (const story of stories.filter(({ name }) => !only || name === only)) {
  const place = new Place();
  const done = [];
  const step = async (what, run) => {
    try {
      await run();
      done.push(`ok: ${story.name}: ${what}`);
    } catch (error) {
      console.log([...done, `FAILED: ${story.name}: ${what}`, `  ${error.message}`].join("\n"));
      throw error;
    }
  };
  try {
    await story(place, step);
    console.log(`${story.name}: ${done.length} passed`);
  } catch (error) {
    failed += 1;
    console.log(place.desk.logged().trim().split("\n").slice(-20).join("\n"));
    if (done.length === 0) console.log(error.message);
  } finally {
    await place.clear();
  }
}
process.exit(failed === 0 ? 0 : 1);
