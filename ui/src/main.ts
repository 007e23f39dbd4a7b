// The composition root: picks the agent, mounts the page.
import { mount } from "svelte";

import App from "./App.svelte";
import { connect } from "./ipc/client";
import { Face } from "./state/face.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/looks.css";
import "./styles/settings.css";

const target = document.getElementById("app");
if (target) {
  const face = new Face(await connect());
  mount(App, { target, props: { face } });
}
