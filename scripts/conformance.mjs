// Runs every scenario of the conformance suite on the SQLite engine as it was built, on the Node that runs this: for
// Nodes on which the test runner does not start. Prints what failed, then `N passed, N failed`.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SqliteEngine } from "../dist/engine/sqlite/engine.js";
import { CONFORMANCE, runScenario } from "../dist/engine/testkit/index.js";

const folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-conformance-`));
let [files, passed, failed] = [0, 0, 0];

for (const scenario of CONFORMANCE.flatMap(({ scenarios }) => scenarios)) {
  if (scenario.needs !== undefined) continue;
  try {
    await runScenario(scenario, { capabilities: [], create: storage });
    passed++;
  } catch (error) {
    failed++;
    console.log(`${process.version}: ${scenario.id} ${scenario.title}`, error);
  }
}
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Empty storage in a new file. */
function storage() {
  const path = join(folder, `${(files += 1)}.db`);
  return {
    /** @param {import("../dist/model/value/clock.js").Clock} clock */
    async connect(clock) {
      const engine = new SqliteEngine(
        { engine: "sqlite", path, durability: "normal", allowNetwork: false },
        { clock, alone: true },
      );
      await engine.open();
      return engine;
    },
    dispose() {
      for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    },
  };
}
