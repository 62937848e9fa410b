// How tests run: every file in a process of its own, against servers started once for the whole run, with a
// check after each file that it left nothing open. `npm test` adds the check for processes left behind.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^longshore$/, replacement: source("index.ts") },
      { find: /^longshore\/testkit$/, replacement: source("engine/testkit/index.ts") },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    pool: "forks",
    maxWorkers: "100%",
    globalSetup: ["test/support/shared-servers.ts"],
    setupFiles: ["test/support/leak-check.ts"],
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
