// The measurements start as they are built, and measure: nothing else runs them before a release.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const bench = fileURLToPath(new URL("../../scripts/bench.mjs", import.meta.url));

test("a quick run of one scenario and one system prints a row whose rounds were verified", async () => {
  const options = ["--quick", "--json", "--scenario", "run-1", "--system", "longshore-sqlite"];
  const { stdout } = await promisify(execFile)(process.execPath, [bench, ...options]);
  const { results, skipped } = JSON.parse(stdout) as { results: Record<string, unknown>[]; skipped: unknown[] };

  // A round whose jobs were not all verified does not count: it is skipped, with its reason.
  expect(skipped).toEqual([]);
  expect(results).toEqual([
    expect.objectContaining({ system: "longshore-sqlite", scenario: "run-1", unit: "jobs/s", rounds: 5 }),
  ]);
  expect(results[0]?.["median"]).toBeGreaterThan(0);
});
