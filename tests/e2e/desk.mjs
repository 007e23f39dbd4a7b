// A person's desk for one test: a home, folders and a message bus of its own, and what was started there.
import { execFile, spawn } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import { until } from "./wait.mjs";

/** What only a secret looks like: an access key id, a session token, the token of a console sign-in. */
const SECRET = /ASIA[A-Z2-7]{16}|IQoJb3JpZ2luX2Vj[A-Za-z0-9+/]{8}|SigninToken=./;

export class Desk {
  #children = [];
  #watch;
  #exposed = new Map();

  /** Reading every command line takes time: a desk to measure at is not watched. */
  constructor(theme, path, { isWatched = true } = {}) {
    // Short: a socket's path has room for 107 bytes.
    this.folder = mkdtempSync(join(tmpdir(), "desk-"));
    this.log = join(this.folder, "log");
    for (const name of ["home", "run", "tmp"]) mkdirSync(join(this.folder, name), { mode: 0o700 });
    const config = join(this.folder, "home/.config/gtk-3.0");
    mkdirSync(config, { recursive: true });
    writeFileSync(join(config, "settings.ini"), `[Settings]\ngtk-application-prefer-dark-theme=${theme === "dark" ? 1 : 0}\n`);
    this.env = {
      HOME: join(this.folder, "home"),
      XDG_RUNTIME_DIR: join(this.folder, "run"),
      TMPDIR: join(this.folder, "tmp"),
      PATH: [...path, process.env.PATH].join(delimiter),
      DISPLAY: process.env.DISPLAY,
      XAUTHORITY: process.env.XAUTHORITY,
      LANG: "C.UTF-8",
      NO_AT_BRIDGE: "1",
      ...(process.env.DAYPASS_CHROMIUM && { DAYPASS_CHROMIUM: process.env.DAYPASS_CHROMIUM }),
    };
    if (isWatched) this.#watch = setInterval(() => this.#readCommandLines(), 100);
  }

  async startBus() {
    // Without folders of services nothing is started by a message: no portal, no keyring, no notification daemon.
    writeFileSync(this.path("bus.conf"), `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${this.path("bus")}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow eavesdrop="false"/><allow own="*"/></policy></busconfig>`);
    const bus = this.start("dbus-daemon", [`--config-file=${this.path("bus.conf")}`, "--nofork", "--print-address=1"]);
    let address = "";
    bus.stdout.on("data", (data) => { address += data; });
    await until("the message bus listens", () => address.includes("\n"));
    this.env.DBUS_SESSION_BUS_ADDRESS = address.trim();
  }

  /** The real keyring, unlocked, on the desk's bus. */
  async startKeyring() {
    const keyring = this.start("gnome-keyring-daemon", ["--foreground", "--components=secrets", "--unlock"]);
    keyring.stdin.end("password\n");
    await until("the keyring answers", async () => {
      const { stdout } = await this.#call("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets");
      return stdout.includes("true");
    });
  }

  /** What any program may do: locks the collection that new items go to. */
  async lockKeyring() {
    const { stdout } = await this.#call("org.freedesktop.secrets", "/org/freedesktop/secrets",
      "org.freedesktop.Secret.Service.Lock", "array:objpath:/org/freedesktop/secrets/collection/login");
    if (!stdout.includes("collection/login")) throw new Error(`the keyring was not locked: ${stdout}`);
  }

  /** What another program finds of Daypass in the keyring; "" where there is nothing. */
  async inKeyring() {
    const { stdout, stderr } = await this.run("secret-tool", "search", "--all", "application", "daypass");
    return stdout + stderr;
  }

  #call(to, path, method, ...args) {
    return this.run("dbus-send", "--session", "--print-reply", `--dest=${to}`, path, method, ...args);
  }

  /** A program that goes on; it is ended with the desk, and many end when their input does. */
  start(program, args, env = {}) {
    const child = spawn(program, args, { env: { ...this.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
    const note = (data) => appendFileSync(this.log, `${program}: ${data}`);
    child.stdout.on("data", note);
    child.stderr.on("data", note);
    child.on("error", (error) => note(`${error.message}\n`));
    this.#children.push(child);
    return child;
  }

  /** Runs a program to its end. */
  run(program, ...args) {
    return new Promise((resolve) => {
      execFile(program, args, { env: this.env, timeout: 30_000 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr });
      });
    });
  }

  path(...names) {
    return join(this.folder, ...names);
  }

  /** Writes a program into the desk. */
  script(name, text) {
    const path = this.path(name);
    writeFileSync(path, text);
    chmodSync(path, 0o755);
    return path;
  }

  /** Command lines with something in them that looks like a secret, seen at any time so far. */
  exposed() {
    return [...this.#exposed.values()];
  }

  /** Files of this home and its runtime folder with something in them that looks like a secret. */
  filesWithSecrets() {
    return ["home", "run"].flatMap((top) => files(this.path(top)).filter((path) => SECRET.test(readFileSync(path, "latin1"))));
  }

  /** The programs that still run here, by their folder or the home in their environment (the agent's is root's to read). */
  processes() {
    return numbers().flatMap((pid) => {
      if (pid === process.pid) return [];
      const command = commandLine(pid);
      const isAtHome = read(`/proc/${pid}/environ`).split("\0").includes(`HOME=${this.env.HOME}`);
      if (!isAtHome && !command.startsWith(`${this.folder}/`)) return [];
      // A zombie has ended; its parent has not looked yet.
      if (/^State:\tZ/m.test(read(`/proc/${pid}/status`))) return [];
      return [{ pid, command, name: read(`/proc/${pid}/comm`).trim() }];
    });
  }

  async clear() {
    clearInterval(this.#watch);
    for (const child of this.#children.toReversed()) child.kill();
    for (const signal of ["SIGTERM", "SIGKILL"]) {
      for (const { pid } of this.processes()) end(pid, signal);
      try {
        await until("everything started here has ended", () => this.processes().length === 0, 5);
        break;
      } catch (error) {
        if (signal === "SIGKILL") throw error;
      }
    }
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  logged() {
    return existsSync(this.log) ? readFileSync(this.log, "utf8") : "";
  }

  #readCommandLines() {
    for (const pid of numbers()) {
      const line = commandLine(pid);
      if (SECRET.test(line)) this.#exposed.set(`${pid} ${line}`, line);
    }
  }
}

function files(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

function numbers() {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
}

function commandLine(pid) {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

function end(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function read(path) {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
