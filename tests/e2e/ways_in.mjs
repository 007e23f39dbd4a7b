// The ways in besides the browser: a device code, and what the keyring keeps.
import { expect } from "./play.mjs";
import { until } from "./wait.mjs";

const CODE = "[data-testid=user-code]";
const WHO = "header [aria-haspopup=dialog]";

export const byDeviceCode = (scenario) => {
  let window;
  let cancelled;
  return [
    ["the window opens on the practice organisation", async () => {
      await scenario.desk.startBus();
      window = await scenario.open("--practice");
      await scenario.isReady();
    }],
    ["a device code is shown with where to type it, and no browser opens", async () => {
      await window.click("[data-testid=sign-in-device]");
      cancelled = await window.says(CODE, /^[A-Z0-9]{4}-[A-Z0-9]{4}$/, 30);
      await window.says("[data-testid=verification-uri]", /^http:\/\/127\.0\.0\.1:\d+\/device$/);
      await window.says("[data-testid=sign-in-strip]", /Compare the codes/);
      await scenario.picture("device-code");
    }],
    ["Cancel gives it up, and the form is back", async () => {
      await window.clickButton("Cancel");
      await until("the code is gone", () => window.look(`document.querySelector("${CODE}") === null`));
      await window.says("[data-testid=sign-in-device]", /device code/);
      const { ssoSessions } = await scenario.json("status");
      expect(ssoSessions.every((sso) => sso.status === "signedOut"), `somebody is signed in: ${JSON.stringify(ssoSessions)}`);
      expect(scenario.visited === 0, "a browser was opened that nobody asked for");
    }],
    ["the page in the browser shows the same code, and approving it signs in", async () => {
      await window.click("[data-testid=sign-in-device]");
      const code = await window.says(CODE, /^[A-Z0-9]{4}-[A-Z0-9]{4}$/, 30);
      expect(code !== cancelled, "the cancelled code was shown again");
      await window.clickButton("Open the page");
      const [visit] = await scenario.visits(1);
      expect(visit.code === code, `the window shows ${code}, the browser ${visit.code}`);
      expect(/approved/.test(visit.text), `the last page said “${visit.text}”`);
    }],
    ["the list appears by itself", async () => {
      await window.says("[data-testid=practice-badge]", /Practice/, 30);
      await scenario.lists("214 roles");
      expect(scenario.visited === 1, "a second page was opened");
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};

export const keptSignedIn = (scenario) => {
  const { desk } = scenario;
  const status = async () => (await scenario.json("status")).ssoSessions[0].status;
  const again = async () => {
    await scenario.close();
    await scenario.quit();
    window = await scenario.open();
  };
  const signOut = async () => {
    await window.click(WHO);
    await window.click("[data-testid=sign-out]");
    await window.says(WHO, /signed out/);
  };
  let window;
  return [
    ["a person types their start URL and asks to be kept signed in", async () => {
      await desk.startBus();
      await desk.startKeyring();
      window = await scenario.openFor(await scenario.startOrganisation());
      await window.click("[data-testid=keep-signed-in]");
      expect(await desk.inKeyring() === "", "something is in the keyring already");
      await window.click("[data-testid=sign-in]");
      await scenario.visits(1);
      await scenario.lists("214 roles");
    }],
    ["the keyring has one item of Daypass", async () => {
      const found = await until("an item is kept", async () => (await desk.inKeyring()) || null);
      expect(found.match(/^label = /gm).length === 1, `it has ${found.replace(/^secret.*$/gm, "")}`);
      await window.says("footer", /Refresh token in the keyring/);
    }],
    ["after quit and a new start they are signed in, and no browser opened", async () => {
      await again();
      await window.says(WHO, /signed in since/, 30);
      await scenario.lists("214 roles");
      expect(scenario.visited === 1, "a browser was opened that nobody asked for");
    }],
    ["what was taken up gives a lease", async () => {
      const [{ account, role }] = await scenario.json("roles", "payments-staging dev");
      const { phase } = await scenario.json("request", `${role}@${account}`);
      expect(phase === "active", `the lease is ${phase}`);
    }],
    ["signing out takes it out of the keyring", async () => {
      await signOut();
      await until("the item is gone", async () => (await desk.inKeyring()) === "");
      expect(await status() === "signedOut", `the sign-in is ${await status()}`);
    }],
    ["signing in again puts one back", async () => {
      await window.click("[data-testid=sign-in]");
      await scenario.visits(2);
      await until("an item is kept", async () => (await desk.inKeyring()) !== "");
    }],
    ["a keyring that is locked at the start is said, and nothing waits for it", async () => {
      await desk.lockKeyring();
      await again();
      await window.says("[data-testid=keyring]", /The system keyring is locked\. Unlock it, then choose Keep me signed in again\./);
      expect(await status() === "signedOut", `the sign-in is ${await status()}`);
    }],
    ["signing in with the browser works all the same", async () => {
      await window.click("[data-testid=sign-in]");
      await scenario.visits(3);
      await window.says(WHO, /signed in since/);
      await window.says("[data-testid=keyring]", /keyring is locked/);
      await scenario.picture("keyring");
    }],
    ["so does signing out, which says that the item could not be taken out", async () => {
      await signOut();
      await window.says("[data-testid=keyring]", /may still hold a sign-in that it was to drop\. Unlock it, or start it, then choose Take it out\./);
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};
