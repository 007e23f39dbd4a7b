// The agent under an open window: one that is killed is started again, one that was asked to quit is not.
import { expect } from "./play.mjs";
import { until } from "./wait.mjs";

export const agent = (scenario) => {
  const agents = () => scenario.running("daypass-agent").map(({ pid }) => pid);
  let window;
  return [
    ["the window opens on the practice organisation", async () => {
      await scenario.desk.startBus();
      window = await scenario.open("--practice");
      await scenario.isReady();
      expect(agents().length === 1, `${agents().length} agents run`);
    }],
    ["a killed agent is started again, and the window finds it", async () => {
      const [first] = agents();
      process.kill(first, "SIGKILL");
      await until("another agent runs", () => agents().some((pid) => pid !== first));
      // The organisation went with the first one.
      await until("the window shows the new one's view", async () => !/simulated on this machine/.test(await window.text("body")));
      await window.click("[data-testid=try-practice]");
      await scenario.visits(1);
      await scenario.lists("214 roles");
    }],
    ["quit by the command ends the window too, and no agent comes back", async () => {
      await scenario.quit();
      await until("no program of Daypass runs", () => scenario.running("daypass").length === 0);
      const { stdout } = await scenario.daypass("quit");
      expect(/No agent runs/.test(stdout), `the second quit says “${stdout}”`);
    }],
  ];
};
