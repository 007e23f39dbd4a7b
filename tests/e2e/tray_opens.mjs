// What the tray's menu opens in Daypass itself: the settings, a role's form, the quick switcher.
import { Panel } from "./panel.mjs";
import { expect } from "./play.mjs";
import { until } from "./wait.mjs";

export async function opening(place, step) {
  const { desk } = place;
  await desk.startBus();
  desk.start("openbox", ["--sm-disable"]);
  const panel = await Panel.come(desk);
  const window = await place.open("--practice");
  const isSeen = (is) => until(`the window is ${is ? "" : "not "}there`, async () => (await place.isShown()) === is);

  await step("Settings shows them, in a window that was hidden", async () => {
    await panel.choose(/signed out/, /^Sign in$/);
    await panel.find(/signed in since/);
    await until("the search names 214 roles", () =>
      window.look(`document.querySelector("[data-testid=search]")?.placeholder.includes("214 roles") || null`), 30);
    await desk.run("xdotool", "search", "--onlyvisible", "--name", "^Daypass$", "windowactivate", "--sync");
    await panel.press("left");
    await isSeen(false);
    await panel.choose(/^Settings$/);
    await isSeen(true);
    await window.says("[data-testid=settings] h2", /^Sign-in$/);
  });
  await step("Request… shows the form of that role", async () => {
    const [role] = (await place.json("roles")).filter(({ accountName }) => /staging/.test(accountName));
    const { session } = await place.json("request", `${role.role}@${role.account}`, "--for", "9m");
    await place.json("end", session);
    await panel.choose(/^Open in another way$/, new RegExp(`^${role.role} · ${role.accountName}$`), /^Request…$/);
    await window.says("[data-testid=request-sheet]", new RegExp(`${role.role}.*${role.accountName}`));
    expect((await window.text("[data-testid=settings]")) === null, "the settings are still there");
  });
  await step("Open shows the list, in a window that was hidden", async () => {
    await window.press("Escape");
    await panel.choose(/^Settings$/);
    await window.says("[data-testid=settings] h2", /^Sign-in$/);
    await desk.run("xdotool", "search", "--onlyvisible", "--name", "^Daypass$", "windowactivate", "--sync");
    await panel.press("left");
    await isSeen(false);
    await panel.choose(/^Open$/);
    await isSeen(true);
    await until("the list is there", async () => (await window.text("[data-testid=role-list]")) !== null);
    expect((await window.text("[data-testid=settings]")) === null, "the settings are still there");
  });
  await step("Find a role… shows the quick switcher, with the focus in it", async () => {
    await panel.choose(/^Find a role…$/);
    const focus = () => desk.run("xdotool", "getactivewindow", "getwindowname");
    await until("it has the focus", async () => (await focus()).stdout.trim() === "Daypass quick switcher");
  });
  await window.close();
}
