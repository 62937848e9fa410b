// Finds the Redis (or Valkey) server executable that tests and measurements start private servers with:
// on the PATH, else from the system's package manager (apt-get when run as root, Homebrew), else it says
// what to install. It never leaves a system service running.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { giveUp, say } from "./setup.mjs";

const names = ["redis-server", "valkey-server"];

/** The path of a server executable, installed if need be; ends the process when there is none to be had. */
export function findRedisServer() {
  const found = process.env.LONGSHORE_REDIS_SERVER ?? onPath(...names) ?? installed();
  if (found === undefined) {
    giveUp(
      "No Redis server found. Install Redis 6.2 or newer, or Valkey, so that `redis-server` or `valkey-server` is " +
        "on the PATH\n(Debian and Ubuntu: `sudo apt-get install redis-server`; macOS: `brew install redis`), or name " +
        "a running one\nthat tests may fill and empty: LONGSHORE_TEST_REDIS_URL=redis://127.0.0.1:6379",
    );
  }
  return found;
}

/**
 * The first of these commands that the PATH has.
 * @param {string[]} commands
 */
export function onPath(...commands) {
  for (const command of commands) {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      const path = join(folder, command);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not in this folder.
      }
    }
  }
  return undefined;
}

function installed() {
  if (process.platform === "linux" && process.getuid?.() === 0 && onPath("apt-get")) {
    say("Installing redis-server (apt-get) …");
    withoutStartingServices(() => {
      run("apt-get", ["update", "-qq"]);
      run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "redis-server"]);
    });
  } else if (process.platform === "darwin" && onPath("brew")) {
    say("Installing redis (brew) …");
    run("brew", ["install", "--quiet", "redis"]);
  }
  return onPath(...names);
}

/** @param {() => void} install */
function withoutStartingServices(install) {
  const policy = "/usr/sbin/policy-rc.d";
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    install();
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, args) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const result = spawnSync(command, args, { stdio: ["ignore", 2, 2], env });
  if (result.status !== 0) say(`${command} ${args.join(" ")} failed; its message is above.`);
}
