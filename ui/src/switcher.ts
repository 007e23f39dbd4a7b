// The composition root of the quick switcher's own window.
import { mount } from "svelte";

import { connect } from "./ipc/client";
import { Face } from "./state/face.svelte";
import SwitcherWindow from "./SwitcherWindow.svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/looks.css";

const target = document.getElementById("app");
if (target) {
  const face = new Face(await connect());
  mount(SwitcherWindow, { target, props: { face } });
}
