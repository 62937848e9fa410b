// Processes on one file tell by a clock that never jumps whether each other's workers are alive. In a Linux time namespace that clock
// is shifted, by what the system says.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect, task, type Longshore } from "longshore";
import { clockOffset } from "../../../src/engine/sqlite/database/shared-clock.js";
import type { WorkersTold } from "../../programs/sqlite-workers.js";

const OFFSETS = "monotonic       -100000   250000000\nboottime              3         0\n";

/** What a process would find of itself. */
function files(own: string, children: string, offsets: string): Parameters<typeof clockOffset>[0] {
  return {
    link: (name) => (name === "ns/time" ? own : children),
    text: () => offsets,
  };
}

function missing(): string {
  throw Object.assign(new Error("no such file"), { code: "ENOENT" });
}

describe("how far the clock of a process is ahead", () => {
  it("is what the system says of its namespace", () => {
    expect(clockOffset(files("time:[1]", "time:[1]", OFFSETS))).toBe(-99_999_750);
  });

  it("is not known of a process whose children get another namespace, nor where the system says something else", () => {
    expect(clockOffset(files("time:[1]", "time:[2]", OFFSETS))).toBe(0);
    expect(clockOffset(files("time:[1]", "time:[1]", "none"))).toBe(0);
  });

  it("is nothing where the system knows of no namespaces", () => {
    expect(clockOffset({ link: missing, text: missing })).toBe(0);
  });
});

const inNamespace = (seconds: number): string[] => ["--time", "--map-root-user", "--monotonic", `${seconds}`];
const mayMakeOne = spawnSync("unshare", [...inNamespace(1), "true"]).status === 0;

describe.skipIf(!mayMakeOne)("a process in a time namespace of its own", () => {
  const program = fileURLToPath(new URL("../../../build/test/programs/sqlite-workers.js", import.meta.url));
  let folder: string;
  let longshore: Longshore;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), `longshore-${process.env["LONGSHORE_TEST_RUN"] ?? "manual"}-clock-`));
    longshore = await connect(`sqlite:${join(folder, "jobs.db")}`);
  });

  afterEach(async () => {
    await longshore.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([100_000, -1_000])(
    "sees that the workers of others are alive, its clock %i seconds ahead",
    async (seconds) => {
      const work = task("work", () => 1);
      await longshore.worker([work], { name: "crane" }).ready();

      const args = [...inNamespace(seconds), process.execPath, program, join(folder, "jobs.db")];
      const { stdout } = await promisify(execFile)("unshare", args);

      expect(JSON.parse(stdout) as WorkersTold).toEqual([{ name: "crane", liveness: "alive" }]);
    },
  );
});
