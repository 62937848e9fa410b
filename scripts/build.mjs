// Compiles the package into dist/ and the programs around it (examples, bench, programs that tests start)
// into build/. `node scripts/build.mjs [--clean] [project …]`: --clean first removes what the named
// projects produced; without names every project is built.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, rmSync } from "node:fs";
import { extname, join } from "node:path";
import { root } from "./setup.mjs";

/** @type {Record<string, string>} */
const outputs = {
  src: "dist",
  examples: "build/examples",
  bench: "build/bench",
  "test/programs": "build/test/programs",
};

const args = process.argv.slice(2);
const named = args.filter((arg) => arg !== "--clean");
const projects = named.length > 0 ? named : Object.keys(outputs);
for (const project of projects) {
  const output = outputs[project];
  if (output === undefined) {
    throw new Error(`No project is called "${project}"; there are ${Object.keys(outputs).join(", ")}.`);
  }
  if (args.includes("--clean")) rmSync(join(root, output), { recursive: true, force: true });
}

const compiler = join(root, "node_modules/typescript/bin/tsc");
const compiled = spawnSync(process.execPath, [compiler, "-b", ...projects], { cwd: root, stdio: ["ignore", 2, 2] });
if (compiled.status !== 0) process.exit(compiled.status ?? 1);

// Redis scripts are read at run time from beside the module that uses them.
const scripts = join(root, "src/engine/redis");
if (existsSync(scripts)) {
  cpSync(scripts, join(root, "dist/engine/redis"), {
    recursive: true,
    filter: (path) => extname(path) === "" || extname(path) === ".lua",
  });
}
const command = join(root, "dist/cli/main.js");
if (existsSync(command)) chmodSync(command, 0o755);
