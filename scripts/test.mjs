// `npm test`: installs what is missing, builds, gets a Redis server, runs every test (or those that the
// arguments select, as for `vitest run`), and closes with the line `N passed, N failed`. Fails on a failing
// test, on no test at all, on an error nobody handled, and on a process that outlives the run.
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf, removeFoldersOf } from "./leftovers.mjs";
import { findRedisServer, onPath } from "./redis.mjs";
import { ensureBuilt, ensureInstalled, root, runNode, say } from "./setup.mjs";

ensureInstalled();
ensureBuilt("src", "examples", "test/programs");

const run = `run${randomBytes(6).toString("hex")}`;
const report = join(root, "build", `${run}.json`);
// With a server of the user's own, tests that need private ones run only if an executable happens to be there.
const redisServer = process.env.LONGSHORE_TEST_REDIS_URL
  ? (onPath("redis-server", "valkey-server") ?? "")
  : findRedisServer();

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const exitCode = await runNode([vitest, "run", ...reporters, ...process.argv.slice(2)], {
  ...process.env,
  LONGSHORE_TEST_RUN: run,
  LONGSHORE_REDIS_SERVER: redisServer,
});

const { passed, skipped, ...counted } = countTests();
let failed = counted.failed;
/** @param {string} problem */
const fail = (problem) => {
  failed++;
  say(problem);
};

const leaked = await leftovers();
for (const { pid, command } of leaked) {
  fail(`A process outlived the tests and was killed: ${pid} ${command}`);
  process.kill(pid, "SIGKILL");
}
removeFoldersOf(run);

if (passed + failed === 0) fail("No test ran.");
if (exitCode !== 0 && failed === 0) fail("An error outside of any test failed the run; see above.");
console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

function countTests() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    // A file can fail without a failing test: it does not load, or it leaves something open.
    const failedFiles = testResults.filter(
      (/** @type {{status: string, assertionResults: {status: string}[]}} */ file) =>
        file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
    ).length;
    return { passed: numPassedTests, failed: numFailedTests + failedFiles, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  } finally {
    rmSync(report, { force: true });
  }
}

/** What still lives after a moment's grace for processes that are just ending. */
async function leftovers() {
  const deadline = Date.now() + 15_000;
  let found = processesOf(run);
  while (found.length > 0 && Date.now() < deadline) {
    await sleep(50);
    found = processesOf(run);
  }
  return found;
}
