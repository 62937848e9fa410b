// Nothing but SQLite opens a database: any other code that closes it takes SQLite's locks from the whole process.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import type { LocksTold } from "../programs/sqlite-locks.js";

const program = fileURLToPath(new URL("../../build/test/programs/sqlite-locks.js", import.meta.url));
const run = promisify(execFile);
let told: LocksTold;

beforeAll(async () => {
  const { stdout } = await run(process.execPath, [program]);
  told = JSON.parse(stdout) as LocksTold;
});

describe("a process with a SQLite file", () => {
  it.skipIf(!existsSync("/proc/locks"))(
    "keeps its lock while other connections come and go, in the process and beside it",
    () => {
      expect(told.lock).toEqual([true, true, true, true, true]);
    },
  );

  it("loses no job that it accepted after others came and went", () => {
    expect(told.kept).toBe(200);
  });
});
