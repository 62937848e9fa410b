// `npm run check:nodes`: does SQLite work on every Node that is promised? On each: the conformance suite, the demo, and a
// process that must keep SQLite's locks; the package check then uses the same Nodes. Side by side, because most of it is
// waiting for single threads. Closes with `N passed, N failed, N skipped`; a Node that cannot be had is skipped and named.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { installNodes, UNGUARDED, WANTED } from "./nodes.mjs";
import { ensureBuilt, ensureInstalled, root, say } from "./setup.mjs";

const timeoutMs = 300_000;

ensureInstalled();
ensureBuilt("src", "examples", "test/programs");
const nodes = installNodes();
const folder = mkdtempSync(join(tmpdir(), "longshore-nodes-"));
let [passed, failed] = [0, 0];

const missing = WANTED.filter((wanted) => nodes.every((node) => node.wanted !== wanted));
for (const wanted of missing) say(`skip Node ${wanted}: npm gave none that runs on this machine`);

/** @typedef {import("./nodes.mjs").InstalledNode} InstalledNode */
/** @type {(() => Promise<void>)[]} */
const checks = nodes.flatMap((node) => [
  () => locks(node),
  ...(node.wanted === UNGUARDED ? [] : [() => conformance(node), () => demo(node)]),
]);
try {
  await Promise.all(
    Array.from({ length: availableParallelism() }, async () => {
      for (let check = checks.shift(); check !== undefined; check = checks.shift()) await check();
    }),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`\n${passed} passed, ${failed} failed${missing.length > 0 ? `, ${missing.length} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

/** @param {InstalledNode} node */
async function conformance(node) {
  const { ok, output } = await run(node, [join(root, "scripts/conformance.mjs")]);
  const [, well = "0", badly = "0"] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  passed += Number(well);
  // A run that came to no end has failed, whatever it counted.
  failed += ok ? 0 : Math.max(1, Number(badly));
  say(`${ok ? "ok  " : "FAIL"} Node ${node.version}: ${well} scenarios on SQLite`);
  if (!ok) say(output);
}

/** @param {InstalledNode} node */
async function locks(node) {
  const { ok, output } = await run(node, [join(root, "build/test/programs/sqlite-locks.js")]);
  const told = ok ? JSON.parse(output) : {};
  // Without /proc/locks it is seen only in what was kept.
  const locked = told.lock === null || told.lock?.every((/** @type {boolean} */ kept) => kept);
  report(node, "keeps the locks of SQLite, and jobs", locked && told.kept === 200, output);
}

/** @param {InstalledNode} node */
async function demo(node) {
  const place = mkdtempSync(join(folder, "demo-"));
  const program = join(root, "build/examples/requirements-analysis/main.js");
  const { ok, output } = await run(node, [program, "--json", "--concurrency", "20"], place);
  report(node, "runs the demo", ok, output);
}

/**
 * @param {InstalledNode} node
 * @param {string} what
 * @param {boolean} ok
 * @param {string} output
 */
function report({ version }, what, ok, output) {
  if (ok) passed++;
  else failed++;
  say(`${ok ? "ok  " : "FAIL"} Node ${version}: ${what}`);
  if (!ok) say(output);
}

/**
 * Runs a program to its end; what it printed to both outputs is the output of one that failed.
 * @param {InstalledNode} node
 * @param {string[]} args
 * @returns {Promise<{ok: boolean, output: string}>}
 */
function run({ path }, args, cwd = folder) {
  const child = spawn(path, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ ok: code === 0, output: code === 0 ? output : `${output}${errors}` }));
  });
}
