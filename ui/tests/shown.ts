// The page over the fake agent, in happy-dom.
import { fireEvent, render, screen } from "@testing-library/svelte";

import App from "../src/App.svelte";
import { fakeAgent, type FakeAgent } from "../src/ipc/fake";
import { Face } from "../src/state/face.svelte";

interface Rig {
  agent: FakeAgent;
  face: Face;
}

/** Shows a scene, and waits until it stands. */
export async function shown(state: string, home = "role-list"): Promise<Rig> {
  const agent = fakeAgent(new URLSearchParams({ state }));
  const face = new Face(agent);
  render(App, { face });
  await screen.findByTestId(home);
  return { agent, face };
}

export const press = (key: string, change: KeyboardEventInit = {}): Promise<unknown> => fireEvent.keyDown(document.body, { key, ...change });
