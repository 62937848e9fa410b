// Checks the house rules that a compiler does not: imports point downwards only (cli, server, compat → client → worker →
// define, engine → model), the client for browsers loads nothing but itself, no engine knows another, neither files nor folders import each other in a circle, and the parts
// that are run under a simulated clock never read the real one, and no signal is joined in a way that the longer one remembers for
// good. Imports of types count as others do.
// `node scripts/check-imports.mjs [folder]`; prints each breach as file:line and exits 1 when there is one.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

// What the files of each layer may import besides each other; a layer is the longest matching path.
const contract = ["engine/contract/", "engine/shared/", "model/"];
const engine = ["engine/", ...contract];
const below = ["client/", "worker/", "define/", ...engine];
/** @type {Record<string, string[]>} */
const mayImport = {
  "index.ts": below,
  "cli/": ["index.ts", "server/", ...below],
  "server/": below,
  "compat/": below,
  // Types alone, see below.
  "http/": ["define/"],
  "client/": ["define/", ...engine],
  // The only place where a client makes a worker.
  "client/longshore.ts": below,
  "worker/": ["define/", ...engine],
  "define/": ["model/"],
  "engine/": contract,
  "engine/open.ts": ["engine/memory/", "engine/sqlite/", "engine/redis/", ...engine],
  "engine/memory/": engine,
  "engine/sqlite/": engine,
  "engine/redis/": engine,
  "engine/testkit/": ["engine/contract/", "model/"],
  "engine/shared/": ["engine/contract/", "model/"],
  "engine/contract/": ["model/"],
  "model/": [],
};

// Who may import what from the file system, the network and the clock.
const modelModules = new Set(["node:crypto", "node:util"]);
const timeless = ["model/", "engine/memory/"];
const clock = "model/value/clock.ts";
const timeSources = /\b(?:Date\.now|Math\.random|performance\.now|setTimeout|setInterval)\s*\(|\bnew Date\s*\(\s*\)/g;

const importPattern =
  /(?:^|[;}\n])\s*(?:import|export)\s+(?:[\w$*{}\s,]+?\sfrom\s*)?(?<quote>["'])(?<from>[^"'\n]+)\k<quote>/g;
const dynamicPattern = /\bimport\s*\(\s*(?<quote>["'])(?<from>[^"'\n]+)\k<quote>/g;

/** @type {string[]} */
const breaches = [];
/** Which files each file names. @type {Map<string, {file: string, line: number}[]>} */
const imports = new Map();

const sources = filesIn(join(root, "src"));
for (const file of sources) checkSource(file);
for (const folder of ["examples", "bench", "test/programs"]) {
  for (const file of filesIn(join(root, folder))) checkProgram(file);
}
checkCircles(imports);
checkCircles(betweenFolders());

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
  for (const { from, line, dynamic, typeOnly } of importsOf(code)) {
    const where = `${file}:${line}`;
    const isOwn = from.startsWith(".") && targetOf(file, from).startsWith("src/http/");
    if (layer === "http/" && !typeOnly && !isOwn) {
      breaches.push(`${where} loads ${from}: in a browser there is nothing but http/ itself; import types only`);
      continue;
    }
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
    if (!dynamic) imports.set(file, [...(imports.get(file) ?? []), { file: target, line }]);
    checkDirection(where, layer, target);
  }
  for (const match of withoutStrings(code).matchAll(/\bAbortSignal\.any\b/g)) {
    const why = "it leaves a reference at the longest of its signals for good: see model/value/shorter-signal.ts";
    breaches.push(`${file}:${lineAt(code, match.index)} calls AbortSignal.any: ${why}`);
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

/**
 * What is named in a circle is one breach, where the circle is closed.
 * @param {Map<string, {file: string, line: number, at?: string}[]>} graph
 */
function checkCircles(graph) {
  /** @type {Set<string>} */
  const done = new Set();
  /** @type {string[]} */
  const path = [];
  /** @param {string} node */
  const visit = (node) => {
    if (done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const start = path.indexOf(next.file);
      if (start < 0) visit(next.file);
      else
        breaches.push(
          `${next.at ?? node}:${next.line} closes a circle: ${[...path.slice(start), next.file].join(" → ")}`,
        );
    }
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
}

/** Which folders each folder names, each once, with the first import that does. */
function betweenFolders() {
  /** @type {Map<string, {file: string, line: number, at: string}[]>} */
  const folders = new Map();
  for (const [file, targets] of imports) {
    const from = posix.dirname(file);
    for (const target of targets) {
      const to = posix.dirname(target.file);
      const known = folders.get(from) ?? [];
      if (to === from || known.some((other) => other.file === to)) continue;
      folders.set(from, [...known, { file: to, line: target.line, at: file }]);
    }
  }
  return folders;
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
    const { from = "" } = match.groups ?? {};
    const typeOnly = /\b(?:import|export)\s+type\b/.test(match[0]);
    found.push({ from, line: lineAt(code, match.index + match[0].lastIndexOf(from)), dynamic: false, typeOnly });
  }
  for (const match of code.matchAll(dynamicPattern)) {
    found.push({ from: match.groups?.from ?? "", line: lineAt(code, match.index), dynamic: true, typeOnly: false });
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
