import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processesOf, removeFoldersOf } from "../../scripts/leftovers.mjs";

const run = `example${process.pid}`;

test.each([
  ["environment", { env: { ...process.env, LONGSHORE_TEST_RUN: run } }, []],
  ["command line", {}, [`--title=${run}`]],
])("a process with the run's id in its %s is found until it ends", async (_where, options, extra) => {
  expect(processesOf(run)).toEqual([]);
  const child = spawn(process.execPath, [...extra, "--eval", "process.stdin.resume();"], options);
  await once(child, "spawn");
  // Node replaces its command line by its title a moment after it has started.
  const command = expect.stringMatching(new RegExp(`process.stdin.resume|^${run}$`));
  expect(processesOf(run)).toEqual([{ pid: child.pid, command }]);
  child.stdin.end();
  await once(child, "exit");
  expect(processesOf(run)).toEqual([]);
});

test("the run's temporary folders are removed, and no other run's", () => {
  const mine = mkdtempSync(join(tmpdir(), `longshore-${run}-`));
  const other = mkdtempSync(join(tmpdir(), `longshore-${run}0-`));
  removeFoldersOf(run);
  expect([existsSync(mine), existsSync(other)]).toEqual([false, true]);
  removeFoldersOf(`${run}0`);
});
