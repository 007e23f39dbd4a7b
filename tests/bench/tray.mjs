// In the tray: what Daypass keeps in memory without its window, and how soon switcher and window are there.
import { setTimeout as pause } from "node:timers/promises";

import { Panel } from "../e2e/panel.mjs";
import { until } from "../e2e/wait.mjs";
import { against, median, megabytes, millis } from "./figures.mjs";
import { memory, sum } from "./processes.mjs";
import { Place } from "./place.mjs";

const ROUNDS = 7;
const SWITCHER_BAR = "150 ms";
const WINDOW_BAR = "500 ms";

/** Where the page's first words are, on the screen that `make bench` has: the windows open in its middle. */
const IN_SWITCHER = ["350", "215"];
const IN_WINDOW = ["130", "120"];

/** Says when there is text at a place of the screen, in milliseconds since 1970: each letter has many greys. */
const PAINTED = `
import ctypes, sys, time
x = ctypes.CDLL("libX11.so.6")
class Image(ctypes.Structure):
    _fields_ = [("width", ctypes.c_int), ("height", ctypes.c_int), ("xoffset", ctypes.c_int), ("format", ctypes.c_int), ("data", ctypes.c_void_p)]
x.XOpenDisplay.restype = ctypes.c_void_p
x.XDefaultRootWindow.restype = ctypes.c_ulong
x.XGetImage.restype = ctypes.POINTER(Image)
display = ctypes.c_void_p(x.XOpenDisplay(None))
root = ctypes.c_ulong(x.XDefaultRootWindow(display))
print("ready", flush=True)
while True:
    image = x.XGetImage(display, root, int(sys.argv[1]), int(sys.argv[2]), 500, 50, ctypes.c_ulong(0xFFFFFFFF), 2)
    now = time.time() * 1000
    pixels = memoryview(ctypes.string_at(image.contents.data, 500 * 50 * 4)).cast("I")
    x.XFree(ctypes.c_void_p(image.contents.data)); x.XFree(image)
    if len(set(pixels)) > 12: break
    time.sleep(0.002)
print(now, flush=True)
`;

export async function tray(programs) {
  const [ours, empty] = [await Place.with(programs), await Place.with(programs)];
  try {
    // It gives the focus to what appears, as on any desktop.
    ours.desk.start("openbox", []);
    const none = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      none.push(await painted(empty, IN_WINDOW, () => empty.begin("empty")));
      if (round === ROUNDS - 1) await pause(2_000);
      else await empty.end("empty");
    }
    const emptyMemory = sum(memory(empty.processes()));
    await empty.end("empty");

    const panel = await Panel.come(ours.desk);
    await ours.signIn();
    ours.begin("daypass-desktop", "--hidden");
    await until("the switcher's page is there", () => ours.processes().some(({ name }) => name === "WebKitWebProces"), 30);
    await panel.look();
    await pause(5_000);
    const hidden = memory(ours.processes());
    const switcher = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      switcher.push(await painted(ours, IN_SWITCHER, () => ours.begin("daypass-desktop", "--switcher")));
      await pause(500);
      await ours.press("Escape");
      await pause(500);
    }
    await ours.daypass("quit");
    await ours.signIn();
    ours.begin("daypass-desktop", "--hidden");
    await until("the switcher's page is there", () => ours.processes().some(({ name }) => name === "WebKitWebProces"), 30);
    await pause(3_000);
    const back = await painted(ours, IN_WINDOW, () => ours.begin("daypass-desktop"));
    const than = "empty window";
    return [
      against("memory in the tray, switcher ready", sum(hidden), emptyMemory, megabytes, { than, note: parts(hidden) }),
      against("switcher: from its key to painted", median(switcher), median(none), millis, { than: "empty window's start", bar: SWITCHER_BAR, note: switcher.map(millis).join(", ") }),
      against("window: back from the tray, freed", back, median(none), millis, { than: "empty window's start", bar: WINDOW_BAR }),
    ];
  } finally {
    await ours.clear();
    await empty.clear();
  }
}

/** How long it takes from an act to text on an empty screen. */
async function painted(place, at, act) {
  const looking = place.desk.start("python3", ["-c", PAINTED, ...at]);
  let said = "";
  looking.stdout.on("data", (data) => { said += data; });
  await until("somebody looks at the screen", () => said.includes("ready\n"));
  const begun = Date.now();
  act();
  const seen = await until("something is painted", () => /ready\n(\d.*)\n/.exec(said)?.[1], 60, 5);
  return Number(seen) - begun;
}

function parts(all) {
  const names = { "daypass-desktop": "program", "daypass-agent": "agent", WebKitNetworkPr: "network", WebKitWebProces: "page" };
  return Object.entries(all).map(([name, mb]) => `${names[name]} ${megabytes(mb)}`).join(", ");
}
