// How tests run: against servers started once for the whole run, with a check after each file that it left nothing open, in a
// few processes that load the sources once. `npm test` adds the check for processes left behind.
import { availableParallelism } from "node:os";
import { relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { PATIENCE } from "./test/support/patience.js";

const root = fileURLToPath(new URL(".", import.meta.url));

/** What takes longest, longest first; a run that began with something else would end with one of them and idle processors. */
const LONGEST = [
  "test/server/fuzz",
  "test/process/up-processes",
  "test/process/soak",
  "test/process/flows",
  "test/process/standstill",
  "test/process/death",
  "test/process/redis",
  "test/process",
  "test/worker/runners/killing",
  "test/worker/runners",
  "test/cli/",
  "test/examples/company-scraper/program",
  "test/examples/site-scan/program",
  "test/property/sqlite",
  "test/property",
  "test/engine/redis/bounds",
  "test/server/routes/every-engine",
  "test/server/security",
  "test/engine",
  "test/worker",
  "test/examples/site-scan/resume",
  "test/examples/company-scraper/run",
  "test/model/schedule/cron-tick",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = files.map((file) => ({ file, place: placeOf(file) }));
    return sorted.toSorted((a, b) => a.place - b.place).map(({ file }) => file);
  }
}

function placeOf({ moduleId }: TestSpecification): number {
  const path = relative(root, moduleId).split(sep).join("/");
  const place = LONGEST.findIndex((start) => path.startsWith(start));
  return place === -1 ? LONGEST.length : place;
}

export default defineConfig({
  resolve: {
    alias: [
      { find: /^longshore$/, replacement: `${root}src/index.ts` },
      { find: /^longshore\/server$/, replacement: `${root}src/server/index.ts` },
      { find: /^longshore\/http$/, replacement: `${root}src/http/index.ts` },
      { find: /^longshore-testkit$/, replacement: `${root}src/engine/testkit/index.ts` },
    ],
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/leak-check.ts"],
    pool: "forks",
    isolate: false,
    // Four more than there are processors: many tests wait for other processes, or for a time to pass.
    maxWorkers: availableParallelism() + 4,
    globalSetup: ["test/support/shared-servers.ts"],
    // A test that hangs says so after this; what it waits for says so earlier, in words of its own.
    testTimeout: 5 * PATIENCE,
    hookTimeout: 5 * PATIENCE,
    teardownTimeout: PATIENCE,
    expect: { poll: { timeout: PATIENCE, interval: 20 } },
    sequence: { sequencer: LongestFirst },
  },
});
