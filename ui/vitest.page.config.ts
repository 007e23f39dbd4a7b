// Page tests: the built page in a real browser, over the fake agent.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["tests/page/*.spec.ts"],
    globalSetup: ["tests/page/serve.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    maxConcurrency: 2,
  },
});
