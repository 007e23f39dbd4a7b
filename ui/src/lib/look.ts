// Which classes give an account or an SSO session its colour.
import type { Colour } from "../ipc/bindings/Colour";
import type { Environment } from "../ipc/bindings/Environment";

export const COLOURS: readonly Colour[] = ["red", "orange", "yellow", "green", "teal", "blue", "violet", "pink", "grey"];
export const ENVIRONMENTS: readonly Environment[] = ["production", "staging", "development", "sandbox", "shared"];

interface Look {
  readonly environment: Environment | null;
  readonly colour: Colour | null;
}

/** Sets `--env`: the colour that was chosen, else the environment's. */
export const lookOf = ({ environment, colour }: Look): string =>
  `env-${environment ?? "none"}${colour === null ? "" : ` colour-${colour}`}`;

/** The same for an SSO session. */
export const colourOf = (colour: Colour | null): string => `env-none${colour === null ? "" : ` colour-${colour}`}`;

/** Whether an account wears its colour on each row: production, and whatever a person coloured. */
export const wears = ({ environment, colour }: Look): boolean => environment === "production" || colour !== null;
