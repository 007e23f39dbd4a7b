// The only file that knows Tauri: the agent as the desktop's commands.
import { Channel, invoke, isTauri } from "@tauri-apps/api/core";

import type { Agent } from "./agent";
import type { Answer } from "./bindings/Answer";
import type { RoleEntry } from "./bindings/RoleEntry";
import type { View } from "./bindings/View";

const desktop: Agent = {
  async watch(onView) {
    const channel = new Channel<View | null>();
    channel.onmessage = onView;
    await invoke("watch", { channel });
  },
  ask: (intent) => invoke<Answer>("ask", { intent }),
  catalog: () => invoke<RoleEntry[]>("catalog"),
  async wish(wish) {
    await invoke("wish", { wish });
  },
};

/** The desktop's agent; in an ordinary browser a fake one. */
export async function connect(): Promise<Agent> {
  if (isTauri()) return desktop;
  const { fakeAgent } = await import("./fake");
  return fakeAgent(new URLSearchParams(location.search));
}
