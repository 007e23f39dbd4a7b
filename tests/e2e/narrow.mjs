// Less than a role: a person takes a lease that may put into one bucket, and the AWS CLI in its terminal may do just that.
import { existsSync, readFileSync } from "node:fs";

import { LIVE, expect } from "./play.mjs";
import { until } from "./wait.mjs";

/** The person in the terminal: puts an object, lists the bucket, and notes how both ended. */
function shellOf(desk) {
  return desk.script("shell", `#!/bin/bash
cd '${desk.folder}'
bucket=audit-logs-$(daypass whoami --json | grep -o '"account":"[0-9]*"' | grep -o '[0-9]*')
echo hello >object
aws s3api put-object --bucket $bucket --key replay/one --body object >put 2>put.error; echo $? >put.code
aws s3api list-objects-v2 --bucket $bucket >list 2>list.error; echo $? >list.code
touch asked
`);
}

/** Signs in, chooses a role by typing, opens its form; what the form then asks for is up to `fill`. */
const steps = (scenario, { signIn, openForm, fill, send, openTerminal }) => {
  const { desk } = scenario;
  let window;
  let bucket;
  return [
    ["the window opens and the person signs in", async () => {
      await desk.startBus();
      desk.env.DAYPASS_TERMINAL = `xterm -e env "SHELL=${shellOf(desk)}" {}`;
      window = await scenario.open("--practice");
      await scenario.isReady();
      await signIn(window);
      await scenario.visits(1);
      await scenario.lists("214 roles");
    }],
    ["the form of a role opens", async () => {
      await window.press("/");
      await window.type("staging developer");
      await window.says("[data-testid=role-row][aria-selected=true]", /DeveloperAccess/);
      const { account } = await scenario.chosen();
      bucket = `audit-logs-${account}`;
      await openForm(window);
      await window.says("[data-testid=request-sheet]", /DeveloperAccess/);
      await until("the form knows a chained role", () => window.look(`document.querySelectorAll("[data-testid=chained-role] option").length > 2 || null`));
    }],
    ["one bucket is filled in, and the policy is shown", async () => {
      await fill(window, bucket);
      await window.says("[data-testid=policy]", new RegExp(`"s3:PutObject".*"arn:aws:s3:::${bucket}/\\*"`));
      await window.says("[data-testid=policy-size]", /^\d+ of 2,048 characters$/);
      await scenario.picture("request-bucket");
    }],
    ["the lease is taken, and its card says what it is for", async () => {
      await send(window);
      await window.says(LIVE, new RegExp(`s3-bucket ${bucket}`), 30);
      await scenario.picture("narrowed");
    }],
    ["in its terminal the AWS CLI may put and may not list", async () => {
      await openTerminal(window);
      await until("the terminal has asked", () => existsSync(desk.path("asked")), 60);
      const said = (name) => readFileSync(desk.path(name), "utf8").trim();
      expect(said("put.code") === "0", `put ended with ${said("put.code")}: ${said("put.error")}`);
      expect(said("list.code") !== "0" && /AccessDenied/.test(said("list.error")), `list ended with ${said("list.code")}: ${said("list.error")}`);
    }],
    ["the window closes, and quit ends the rest", () => scenario.leave()],
  ];
};

export const narrowByMouse = (scenario) =>
  steps(scenario, {
    signIn: (window) => window.click("[data-testid=sign-in]"),
    openForm: (window) => window.click("[data-testid=role-row][aria-selected=true] [data-testid=request]"),
    fill: async (window, bucket) => {
      await window.click("[data-scope=preset]");
      await window.click("[data-testid=preset-bucket]");
      await window.type(bucket);
      for (const grant of ["list", "get", "put"]) await window.click(`[data-grant=${grant}]`);
    },
    send: (window) => window.click("[data-testid=submit-request]"),
    openTerminal: (window) => window.click(`${LIVE} [data-testid=open-terminal]`),
  });

/** Nothing here touches the mouse. */
export const narrowByKeyboard = (scenario) => {
  const pressOn = async (window, testid) => {
    await window.tabTo(testid);
    await window.press("Enter");
  };
  return steps(scenario, {
    signIn: (window) => pressOn(window, "sign-in"),
    openForm: (window) => window.press("Shift", "Enter"),
    fill: async (window, bucket) => {
      // From the whole role two tiles on.
      await until("the tiles have the focus", async () => {
        await window.press("Tab");
        return window.look(`document.activeElement?.name === "scope" || null`);
      });
      await window.press("ArrowRight");
      await window.press("ArrowRight");
      await window.tabTo("preset-bucket");
      await window.type(bucket);
      for (const grant of ["list", "get", "put"]) {
        await until(`${grant} has the focus`, async () => {
          await window.press("Tab");
          return window.look(`document.activeElement?.dataset.grant === "${grant}" || null`);
        });
        await window.press(" ");
      }
    },
    send: (window) => pressOn(window, "submit-request"),
    // The card's, not the row's: that one is for the whole role.
    openTerminal: async (window) => {
      await until("the card's terminal button has the focus", async () => {
        await window.press("Tab");
        return window.look(`document.activeElement?.matches(${JSON.stringify(`${LIVE} [data-testid=open-terminal]`)}) || null`);
      });
      await window.press("Enter");
    },
  });
};
