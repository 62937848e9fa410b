// Checks the house rules that a compiler does not: imports point downwards only (cli, server, compat → client →
// worker → engine → model), no engine knows another, no files import each other in a circle, and the parts that
// are run under a simulated clock never read the real one. `node scripts/check-imports.mjs [folder]`; prints each
// breach as file:line and exits 1 when there is one.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

// What the files of each layer may import besides each other; a layer is the longest matching path.
const below = ["client/", "worker/", "engine/", "model/"];
/** @type {Record<string, string[]>} */
const mayImport = {
  "index.ts": below,
  "cli/": ["index.ts", ...below],
  "server/": below,
  "compat/": below,
  "client/": ["worker/", "engine/", "model/"],
  "worker/": ["engine/", "model/"],
  "engine/": ["model/"],
  "engine/open.ts": ["engine/", "engine/memory/", "engine/sqlite/", "engine/redis/", "model/"],
  "engine/memory/": ["engine/", "model/"],
  "engine/sqlite/": ["engine/", "model/"],
  "engine/redis/": ["engine/", "model/"],
  "engine/testkit/": ["engine/contract/engine.ts", "model/"],
  "engine/contract/engine.ts": ["engine/", "model/"],
  "model/": [],
};

// Who may import what from the file system, the network and the clock.
const modelModules = new Set(["node:crypto", "node:util"]);
const timeless = ["model/", "engine/memory/"];
const clock = "model/value/clock.ts";
const timeSources = /\b(?:Date\.now|Math\.random|performance\.now|setTimeout|setInterval)\s*\(|\bnew Date\s*\(\s*\)/g;

const importPattern =
  /(?:^|[;}\n])\s*(?:import|export)\s+(?<type>type\s)?(?:[\w$*{}\s,]+?\sfrom\s*)?(?<quote>["'])(?<from>[^"'\n]+)\k<quote>/g;
const dynamicPattern = /\bimport\s*\(\s*(?<quote>["'])(?<from>[^"'\n]+)\k<quote>/g;

/** @type {string[]} */
const breaches = [];
/** Which files each file loads when it is loaded. @type {Map<string, {file: string, line: number}[]>} */
const loads = new Map();

const sources = filesIn(join(root, "src"));
for (const file of sources) checkSource(file);
for (const folder of ["examples", "bench", "test/programs"]) {
  for (const file of filesIn(join(root, folder))) checkProgram(file);
}
checkCircles();

for (const breach of breaches) console.error(breach);
console.error(
  breaches.length === 0
    ? `Imports: ${sources.length} source files, all in order.`
    : `Imports: ${breaches.length} breach${breaches.length === 1 ? "" : "es"} of the house rules.`,
);
process.exitCode = breaches.length === 0 ? 0 : 1;

/** @param {string} file */
function checkSource(file) {
  const code = withoutComments(readFileSync(join(root, file), "utf8"));
  const path = file.slice("src/".length);
  const layer = layerOf(path);
  if (layer === undefined) {
    breaches.push(`${file}:1 is in none of the layers that scripts/check-imports.mjs knows`);
    return;
  }
  for (const { from, line, loaded } of importsOf(code)) {
    const where = `${file}:${line}`;
    if (!from.startsWith(".")) {
      if (layer === "model/" && from.startsWith("node:") && !modelModules.has(from)) {
        breaches.push(`${where} imports ${from}: the model does no input or output`);
      } else if (isTimeless(path) && from.startsWith("node:timers")) {
        breaches.push(`${where} imports ${from}: time comes from the clock it is given`);
      }
      continue;
    }
    const target = targetOf(file, from);
    if (!existsSync(join(root, target))) {
      breaches.push(`${where} imports ${from}, which does not exist`);
      continue;
    }
    if (loaded) loads.set(file, [...(loads.get(file) ?? []), { file: target, line }]);
    checkDirection(where, layer, target);
  }
  if (isTimeless(path)) {
    for (const match of withoutStrings(code).matchAll(timeSources)) {
      const call = match[0].replace(/\s*\([\s\S]*$/, "()");
      const line = lineAt(code, match.index);
      breaches.push(`${file}:${line} calls ${call}: time and chance come from the clock it is given`);
    }
  }
}

/**
 * @param {string} where
 * @param {string} layer
 * @param {string} target
 */
function checkDirection(where, layer, target) {
  if (!target.startsWith("src/")) {
    breaches.push(`${where} imports ${target}: nothing in src/ depends on what is outside it`);
    return;
  }
  const targetPath = target.slice("src/".length);
  const targetLayer = layerOf(targetPath);
  const allowed = mayImport[layer] ?? [];
  if (targetLayer === undefined || targetLayer === layer || allowed.includes(targetLayer)) return;
  // A file with a line of its own in the table (engine/contract/engine.ts) still belongs to its folder's layer.
  const folder = `${targetPath.split("/")[0]}/`;
  const isFileOfFolder = targetLayer.endsWith(".ts") && targetPath.split("/").length === 2;
  if (isFileOfFolder && (allowed.includes(folder) || folder === layer)) return;
  const only = allowed.length === 0 ? "nothing but itself" : `only itself and ${allowed.join(", ")}`;
  breaches.push(`${where} imports ${target}: ${layer} may import ${only}`);
}

/** @param {string} file */
function checkProgram(file) {
  const code = withoutComments(readFileSync(join(root, file), "utf8"));
  for (const { from, line } of importsOf(code)) {
    if (from.startsWith(".") && targetOf(file, from).startsWith("src/")) {
      breaches.push(`${file}:${line} imports ${from}: programs outside src/ import "longshore", as users do`);
    }
  }
}

function checkCircles() {
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} file */
  const visit = (file) => {
    if (done.has(file)) return;
    path.push(file);
    for (const next of loads.get(file) ?? []) {
      const start = path.indexOf(next.file);
      if (start >= 0)
        breaches.push(`${file}:${next.line} closes a circle: ${[...path.slice(start), next.file].join(" → ")}`);
      else visit(next.file);
    }
    path.pop();
    done.add(file);
  };
  for (const file of loads.keys()) visit(file);
}

/** @param {string} path */
function isTimeless(path) {
  return path !== clock && timeless.some((prefix) => path.startsWith(prefix));
}

/** @param {string} path */
function layerOf(path) {
  return Object.keys(mayImport)
    .filter((layer) => (layer.endsWith("/") ? path.startsWith(layer) : path === layer))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** @param {string} code */
function importsOf(code) {
  const found = [];
  for (const match of code.matchAll(importPattern)) {
    const { type, from = "" } = match.groups ?? {};
    found.push({ from, line: lineAt(code, match.index + match[0].lastIndexOf(from)), loaded: type === undefined });
  }
  for (const match of code.matchAll(dynamicPattern)) {
    found.push({ from: match.groups?.from ?? "", line: lineAt(code, match.index), loaded: false });
  }
  return found;
}

/**
 * @param {string} file
 * @param {string} from
 */
function targetOf(file, from) {
  return posix.join(posix.dirname(file), from).replace(/\.js$/, ".ts");
}

/**
 * The code with its comments blanked; lines stay where they were.
 * @param {string} code
 */
function withoutComments(code) {
  const tokens = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return code.replace(tokens, (token) => (token.startsWith("/") ? token.replace(/[^\n]/g, " ") : token));
}

/** @param {string} code */
function withoutStrings(code) {
  return code.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (token) => " ".repeat(token.length));
}

/**
 * @param {string} text
 * @param {number} index
 */
function lineAt(text, index) {
  return text.slice(0, index).split("\n").length;
}

/**
 * The TypeScript files in a folder and below, as paths from the root with forward slashes.
 * @param {string} folder
 * @returns {string[]}
 */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .filter((file) => !file.split("/").includes("node_modules"));
}
