// Finds the processes and temporary folders that a test run left behind. Every process a test starts carries
// the run's id, in its environment (inherited) or, where a program overwrites that, in its command line.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * The processes of a test run that still live.
 * @param {string} run
 * @returns {{pid: number, command: string}[]}
 */
export function processesOf(run) {
  return existsSync("/proc/self/environ") ? fromProc(run) : fromPs(run);
}

/**
 * Removes what the run left in the system's temporary folder.
 * @param {string} run
 */
export function removeFoldersOf(run) {
  for (const name of readdirSync(tmpdir())) {
    if (name.startsWith(`longshore-${run}-`)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

/** @param {string} run */
function fromProc(run) {
  const found = [];
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const command = read(`/proc/${name}/cmdline`).replaceAll("\0", " ").trim();
    if (command.includes(run) || read(`/proc/${name}/environ`).includes(`LONGSHORE_TEST_RUN=${run}\0`)) {
      found.push({ pid: Number(name), command });
    }
  }
  return found;
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended meanwhile, or is another user's.
    return "";
  }
}

/** @param {string} run */
function fromPs(run) {
  const listing = spawnSync("ps", ["-axwwE", "-o", "pid=,command="], { encoding: "utf8", maxBuffer: 1 << 26 }).stdout;
  return listing
    .split("\n")
    .map((line) => /^\s*(\d+)\s+(.*)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, pid = "", command = ""]) => ({ pid: Number(pid), command }))
    .filter(({ pid, command }) => pid !== process.pid && command.includes(run));
}
