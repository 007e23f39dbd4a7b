// A desktop start without D-Bus: everything works, and what is missing is said.
import { ENDED, LIVE } from "./play.mjs";

/** On a desk whose programs find no bus at `session`; undefined to name them none. */
const without = (session) => (scenario) => {
  const { desk } = scenario;
  let window;
  return [
    ["the window opens all the same", async () => {
      if (session !== undefined) desk.env.DBUS_SESSION_BUS_ADDRESS = session;
      desk.env.DBUS_SYSTEM_BUS_ADDRESS = "unix:path=/nowhere/system-bus";
      window = await scenario.open("--practice");
      await scenario.isReady();
      await window.showedInTime();
    }],
    ["asked to keep the sign-in, it signs in and says that no keyring answers", async () => {
      await window.click("[data-testid=keep-signed-in]");
      await window.click("[data-testid=sign-in]");
      await scenario.visits(1);
      await scenario.lists("214 roles");
      await window.says("[data-testid=keyring]", /No system keyring answers.*until Daypass quits/);
      await window.says("footer", /No secret on disk/);
    }],
    ["what cannot be noticed is said", async () => {
      await window.click("footer .degraded");
      await window.says("footer", /may miss that the screen is locked/);
      await window.says("footer", /cannot tell when the machine sleeps/);
      await scenario.picture("no-bus");
      await window.press("Escape");
    }],
    ["a lease is taken and ended", async () => {
      await window.press("/");
      await window.type("payments-staging dev");
      await window.press("Enter");
      await window.says(LIVE, /DeveloperAccess/, 30);
      await scenario.visits(2);
      await window.click(`${LIVE} [data-testid=end]`);
      await window.says(ENDED, /wiped/);
    }],
    ["what no notification can tell, the window does", async () => {
      await scenario.json("request", "DeveloperAccess@payments-staging", "--for", "62s");
      await window.says("[data-testid=notification]", /DeveloperAccess in payments-staging ends in 1 min/, 30);
      await window.says(".toasts", /No notification daemon answers: notices stand here/);
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};

export const withoutAddress = without(undefined);
export const withNobodyThere = without("unix:path=/nowhere/session-bus");
