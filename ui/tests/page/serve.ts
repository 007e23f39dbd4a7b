// Serves the built page for the page tests, under the app's own CSP, on a free port.
import { preview } from "vite";
import type { TestProject } from "vitest/node";

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await preview({ root: new URL("../..", import.meta.url).pathname, logLevel: "error", preview: { port: 0, host: "127.0.0.1" } });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the preview has no port");
  project.provide("base", `http://127.0.0.1:${address.port}`);
  return () => server.close();
}

declare module "vitest" {
  export interface ProvidedContext {
    base: string;
  }
}
