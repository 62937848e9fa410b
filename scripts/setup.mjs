// What the commands of this repository have in common: installing packages when they are missing or
// differ from the lock file, building when sources changed, and running a program in the foreground
// with its signals and exit code passed on. Plain Node without dependencies, because it runs before
// anything is installed. Writes to standard error only: standard output belongs to the program.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url));

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/**
 * Says what is wrong and how to put it right, and ends the process with exit code 1.
 * @param {string} message
 * @returns {never}
 */
export function giveUp(message) {
  say(message);
  process.exit(1);
}

/** Runs `npm ci` unless node_modules already holds what the lock file asks for. */
export function ensureInstalled() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const tooOld = major < 20 || (major === 20 && minor < 19) || (major === 22 && minor < 13);
  if (tooOld || major === 21 || major === 23) {
    giveUp(`Longshore needs Node 20.19, 22.13, or 24 and newer; this is ${process.version}.`);
  }
  if (installedMatchesLock()) return;
  say("Installing packages (npm ci) …");
  if (!npm(["ci"])) giveUp("npm ci failed; its message is above.");
}

/**
 * Runs npm without install scripts; answers whether it did what it was asked.
 * @param {string[]} command
 */
export function npm(command, cwd = root) {
  const args = [...command, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const result = npm?.endsWith(".js")
    ? spawnSync(process.execPath, [npm, ...args], { cwd, stdio: ["ignore", 2, 2] })
    : spawnSync("npm", args, { cwd, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  return result.status === 0;
}

function installedMatchesLock() {
  const installedPath = join(root, "node_modules/.package-lock.json");
  if (!existsSync(installedPath)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedPath, "utf8")).packages;
  return Object.entries(wanted).every(
    // Optional packages may be absent: most of them are built for another platform.
    ([path, entry]) => path === "" || entry.optional || installed[path]?.version === entry.version,
  );
}

/**
 * Compiles the given projects (folders with a tsconfig.json; all of them when none is named).
 * @param {string[]} projects
 */
export function ensureBuilt(...projects) {
  const build = spawnSync(process.execPath, [join(root, "scripts/build.mjs"), ...projects], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (build.status !== 0) giveUp("The build failed; the compiler's messages are above.");
}

/**
 * Runs a Node program until it ends and answers its exit code (128 + n when signal n ended it).
 *
 * The program gets a process group of its own and each of our signals exactly once: on Ctrl-C a terminal
 * signals the whole group and `npm run` forwards the signal as well, and a worker takes a second signal
 * as "do not wait for running jobs". A signal for npm alone ends the shell between npm and us without a
 * word, so that losing our parent counts as SIGTERM when nothing came before.
 * @param {string[]} args
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<number>}
 */
export async function runNode(args, env = process.env) {
  const child = spawn(process.execPath, args, { stdio: "inherit", env, detached: process.platform !== "win32" });
  let last = { signal: "", at: 0 };
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    const now = Date.now();
    const repeated = signal === last.signal && now - last.at < 300;
    last = { signal, at: now };
    if (!repeated) child.kill(signal);
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    if (last.signal === "") forward("SIGTERM");
  }, 250);
  if (process.env.npm_lifecycle_event === undefined) clearInterval(watch);
  try {
    return await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
    });
  } finally {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, forward);
  }
}
