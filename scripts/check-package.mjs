// Checks what users get: packs the package and the test kit, installs the tarballs in an empty folder without running
// install scripts, compiles and runs small programs there, looks at what imports load, runs the command, all on every Node
// there is, counts what was installed, and has publint look at the tarballs. Prints one line a check and exits 1 when one failed.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedNodes } from "./nodes.mjs";
import { ensureInstalled, root, say } from "./setup.mjs";

const mostPackages = 25;
/** The files that an import may load, by entry. */
const LOADED = {
  longshore:
    /\/node_modules\/(?:longshore\/dist\/(?!server\/|http\/)|(?!longshore\/|hono\/|@hono\/|zod\/|@asteasolutions\/))/,
  "longshore/http": /\/node_modules\/longshore\/dist\/http\//,
};
/** What users write, in test/package. */
const programs = ["first-job.ts", "own-engine.ts", "first-server.ts"];
/** What they write for a browser. */
const page = "first-page.ts";

ensureInstalled();
const folder = mkdtempSync(join(tmpdir(), "longshore-package-"));
const bin = join(root, "node_modules/.bin");
let failed = 0;

try {
  run("npm", ["pack", "--silent", "--pack-destination", folder], root);
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz")) ?? "";
  report("packs", tarball !== "");
  const testkitFolder = join(folder, "testkit");
  report("packs the test kit", run(process.execPath, ["scripts/pack-testkit.mjs", testkitFolder], root).ok);
  const testkit = join("testkit", readdirSync(testkitFolder)[0] ?? "");
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", `./${tarball}`];
  report("installs without install scripts", run("npm", install).ok);

  const packages = Object.entries(readJson("node_modules/.package-lock.json").packages);
  report(
    "leaves the test kit to its own package",
    !existsSync(join(folder, "node_modules/longshore/dist/engine/testkit")),
  );
  report("installs the test kit beside it", run("npm", [...install.slice(0, -1), `./${testkit}`]).ok);
  report(`installs ${packages.length} packages, ${mostPackages} at most`, packages.length <= mostPackages);

  for (const program of [...programs, page]) cpSync(join(root, "test/package", program), join(folder, program));
  report("compiles against the shipped types", run(join(bin, "tsc"), compilerOptions()).ok);
  report("compiles for a browser, without the types of Node", run(join(bin, "tsc"), pageOptions()).ok);
  // On this Node, and on the others that `npm run check:nodes` has got.
  for (const { version, path } of [{ version: process.version, path: process.execPath }, ...installedNodes()]) {
    const program = run(path, ["first-job.js"]);
    report(`${version}: runs a job on SQLite`, program.ok && program.output === "17 18\n", program.output);
    const ownEngine = run(path, ["own-engine.js"]);
    report(
      `${version}: lists the scenarios`,
      ownEngine.ok && ownEngine.output === "true true true\n",
      ownEngine.output,
    );
    const server = run(path, ["first-server.js"]);
    report(`${version}: serves a job over HTTP`, server.ok && server.output === "17 JOB_NOT_FOUND\n", server.output);
    for (const [entry, allowed] of Object.entries(LOADED)) {
      const files = filesLoadedBy(path, entry);
      const others = files.filter((file) => !allowed.test(file));
      report(
        `${version}: ${entry} loads ${files.length} files, none of the server`,
        files.length > 0 && others.length === 0,
        others.join("\n"),
      );
    }
    const command = run(path, [join(folder, "node_modules/.bin/longshore"), "--help"]);
    report(`${version}: runs the command`, command.ok && command.output.includes("longshore"), command.output);
  }

  for (const packed of [tarball, testkit]) {
    report(`${packed} passes publint`, run(join(bin, "publint"), ["run", "--strict", packed]).ok);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed > 0 ? 1 : 0;

/**
 * @param {string} what
 * @param {boolean} ok
 * @param {string} [output]
 */
function report(what, ok, output = "") {
  say(`${ok ? "ok  " : "FAIL"} ${what}`);
  if (ok) return;
  failed++;
  if (output !== "") say(output);
}

/**
 * Runs a command in the folder; what it prints is shown when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @param {Record<string, string>} [env]
 */
function run(command, args, cwd = folder, env = {}) {
  const options = { cwd, env: { ...process.env, ...env }, timeout: 180_000 };
  const { status, stdout, stderr, error } = spawnSync(command, args, { ...options, encoding: "utf8" });
  const ok = status === 0;
  if (!ok)
    say(`${command} ${args.join(" ")}: ${error?.message ?? `exit code ${status}`}\n${stdout ?? ""}${stderr ?? ""}`);
  return { ok, output: stdout ?? "" };
}

/**
 * The files that an import of an entry loads, as V8 reports them.
 * @param {string} node
 * @param {string} entry
 * @returns {string[]}
 */
function filesLoadedBy(node, entry) {
  writeFileSync(join(folder, "entry.mjs"), `import ${JSON.stringify(entry)};\n`);
  const traces = mkdtempSync(join(folder, "trace-"));
  run(node, ["entry.mjs"], folder, { NODE_V8_COVERAGE: traces });
  return readdirSync(traces)
    .flatMap((name) => JSON.parse(readFileSync(join(traces, name), "utf8")).result)
    .map(({ url }) => url)
    .filter((url) => url.startsWith("file:") && !url.endsWith("/entry.mjs"));
}

/** @param {string} path */
function readJson(path) {
  return JSON.parse(readFileSync(join(folder, path), "utf8"));
}

function compilerOptions() {
  // The types of Node are the user's own to install; the package's declarations are checked like any source.
  const options = "--strict --exactOptionalPropertyTypes --skipLibCheck false --module nodenext --target es2023";
  const node = ["--types", "node", "--typeRoots", join(root, "node_modules/@types")];
  return [...options.split(" "), ...node, ...programs];
}

function pageOptions() {
  const options = "--strict --skipLibCheck false --module esnext --moduleResolution bundler --target es2022 --noEmit";
  return [...options.split(" "), "--lib", "es2022,dom,dom.iterable", "--types", "", page];
}
