// `npm test`: installs what is missing, builds, gets a Redis server, runs every test (or those that the
// arguments select, as for `vitest run`), and closes with the line `N passed, N failed`. Fails on a failing
// test, on no test at all, on an error nobody handled, and on a process that outlives the run.
// `npm run test:watch` (`--watch`) goes on and runs what a change concerns; `npm run test:long` (`--long`) tries what is
// drawn by chance ten times as often as `npm test` has time for: the properties, and workers that are killed; and how much memory a
// worker has after 200,000 jobs.
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { processesOf, removeFoldersOf } from "./leftovers.mjs";
import { findRedisServer, onPath } from "./redis.mjs";
import { ensureBuilt, ensureInstalled, root, runNode, say } from "./setup.mjs";

const [first, ...rest] = process.argv.slice(2);
const isLong = first === "--long";
const isWatch = first === "--watch";
const given = isLong || isWatch ? rest : process.argv.slice(2);
/** What has more to do then, and how much. */
const LONG = ["test/property", "test/process/flows", "test/process/memory"];
const OFTEN = { LONGSHORE_RUNS: "3000", LONGSHORE_KILLS: "120", LONGSHORE_SOAK: "200000" };

ensureInstalled();
ensureBuilt("src", "examples", "test/programs");

const run = `run${randomBytes(6).toString("hex")}`;
const report = join(root, "build", `${run}.json`);
// With a server of the user's own, tests that need private ones run only if an executable happens to be there.
const redisServer = process.env.LONGSHORE_TEST_REDIS_URL
  ? (onPath("redis-server", "valkey-server") ?? "")
  : findRedisServer();

if (redisServer === "") {
  say("No redis-server or valkey-server on the PATH: tests of clusters, of TLS and of failing servers are skipped.");
}

const vitest = join(root, "node_modules/vitest/vitest.mjs");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const selected = isLong && given.length === 0 ? LONG : given;
const command = isWatch ? ["watch", ...selected] : ["run", ...reporters, ...selected];
const exitCode = await runNode([vitest, ...command], {
  ...(isLong ? OFTEN : {}),
  ...process.env,
  LONGSHORE_TEST_RUN: run,
  LONGSHORE_REDIS_SERVER: redisServer,
});

const { passed, skipped, failures } = readReport();
let failed = failures.length;
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

if (isWatch) {
  process.exitCode = exitCode;
} else {
  if (passed + failed === 0) fail("No test ran.");
  if (exitCode !== 0 && failed === 0) fail("An error outside of any test failed the run; see above.");
  // Once more at the end, where whoever sees only the last lines of a long log finds them.
  for (const failure of failures) say(`Failed: ${failure}`);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = failed > 0 ? 1 : 0;
}

/** How many tests passed and were skipped, and the names of those that failed. */
function readReport() {
  try {
    /** @typedef {{status: string, fullName: string}} Test */
    /** @type {{numPassedTests: number, numPendingTests: number, numTodoTests: number, testResults: {name: string, status: string, assertionResults: Test[]}[]}} */
    const { numPassedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(report, "utf8"));
    const failures = testResults.flatMap(({ name, status, assertionResults }) => {
      const file = relative(root, name);
      const failed = assertionResults.filter((test) => test.status === "failed");
      // A file can fail without a failing test: it does not load, or it leaves something open.
      if (failed.length === 0 && status === "failed") return [file];
      return failed.map(({ fullName }) => `${file}: ${fullName}`);
    });
    return { passed: numPassedTests, failures, skipped: numPendingTests + numTodoTests };
  } catch {
    return { passed: 0, failures: [], skipped: 0 };
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
