// Writes down what the packages promise: for each entry of their `exports` a page in docs/api/ with the signature
// of every exported name, and of what those refer to without being exported. The pages are in the repository, so that a
// change of a public type is seen in review. Comments, private members and what is marked @internal are left out.
// `node scripts/api-report.mjs [--check] [folder]` reads the built declaration files; with --check it writes nothing, and
// exits 1 with the differences when the pages say otherwise.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, resolve } from "node:path";
import { declarationsIn } from "./declarations.mjs";
import { giveUp, root as repository, say } from "./setup.mjs";

/** @typedef {import("./declarations.mjs").Declarations} Declarations */
/** A declared name, where it is declared. @typedef {{file: string, name: string}} Place */
/** One that may be had as a type alone. @typedef {Place & {typeOnly: boolean}} Exported */

const longestDifference = 60;
/** Of the packages; their entries are paths from the root. */
const manifests = ["package.json", "packages/testkit/package.json"];

const args = process.argv.slice(2);
const root = resolve(args.find((arg) => arg !== "--check") ?? repository);
/** @type {Map<string, Declarations>} */
const files = new Map();

const reports = entries().map(({ name, file, types }) => ({ file, text: reportOf(name, types) }));
if (args.includes("--check")) check();
else write();

/** What the package exports: under which name, where its declarations are, and what its page is called. */
function entries() {
  return manifests
    .filter((file) => existsSync(join(root, file)))
    .flatMap((file) => {
      const { name, exports } = JSON.parse(readFileSync(join(root, file), "utf8"));
      return Object.entries(exports).flatMap(([path, { types }]) => {
        if (types === undefined) return [];
        const page = posix.join(name, path).replaceAll("/", "-");
        return [{ name: posix.join(name, path), file: `${page}.api.md`, types }];
      });
    });
}

function write() {
  mkdirSync(join(root, "docs/api"), { recursive: true });
  for (const { file, text } of reports) writeFileSync(join(root, "docs/api", file), text);
  say(`API: wrote ${reports.map(({ file }) => `docs/api/${file}`).join(", ")}.`);
}

function check() {
  const changed = reports.filter(({ file, text }) => committed(file) !== text);
  for (const { file, text } of changed) say(differences(file, text));
  if (changed.length === 0) {
    say(`API: ${reports.length} pages, all as committed.`);
    return;
  }
  say(`API: public types are not what docs/api/ says. If that is meant, run \`npm run api\` and commit it on purpose.`);
  process.exitCode = 1;
}

/** @param {string} file */
function committed(file) {
  const path = join(root, "docs/api", file);
  return existsSync(path) ? readFileSync(path, "utf8").replaceAll("\r\n", "\n") : "";
}

/**
 * The first lines of a unified diff from the committed page to the right one.
 * @param {string} file
 * @param {string} text
 */
function differences(file, text) {
  const folder = mkdtempSync(join(tmpdir(), "longshore-api-"));
  for (const [side, content] of [
    ["committed", committed(file)],
    ["built", text],
  ]) {
    mkdirSync(join(folder, String(side)));
    writeFileSync(join(folder, String(side), file), String(content));
  }
  const options = ["--no-index", "--no-ext-diff", "--no-color", "--no-prefix"];
  const { stdout, error } = spawnSync("git", ["diff", ...options, `committed/${file}`, `built/${file}`], {
    cwd: folder,
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  if (error !== undefined) return `docs/api/${file} differs (git, which would show where, cannot be run).`;
  const lines = stdout.trimEnd().split("\n").slice(2);
  const rest = lines.length - longestDifference;
  return [...lines.slice(0, longestDifference), ...(rest > 0 ? [`… and ${rest} lines more`] : [])].join("\n");
}

/**
 * The page of one entry.
 * @param {string} name
 * @param {string} entry
 */
function reportOf(name, entry) {
  const file = posix.normalize(entry);
  const exported = [...exportsOf(file)].toSorted(([a], [b]) => compare(a, b));
  const known = new Set(exported.map(([, place]) => key(place)));
  const hidden = referredToBy(exported.map(([, place]) => place))
    .filter((place) => !known.has(key(place)))
    .toSorted((a, b) => compare(a.name, b.name) || compare(textsOf(a), textsOf(b)));
  return `# API of \`${name}\`

Written by \`npm run api\`; \`npm run check:api\` compares. A change here is a change of what users may rely on.

## Exported

\`\`\`ts
${exported.map(([exportName, place]) => exportedText(exportName, place)).join("\n\n")}
\`\`\`

## Not exported

What the signatures above refer to.

\`\`\`ts
${hidden.map(textsOf).join("\n\n")}
\`\`\`
`;
}

/**
 * The names that a file exports, with the place where each is declared, and whether only its type is exported.
 * @param {string} file
 * @returns {Map<string, Exported>}
 */
function exportsOf(file) {
  const { declared, exports, stars } = load(file);
  /** @type {Map<string, Exported>} */
  const found = new Map();
  for (const { from, typeOnly } of stars) {
    for (const [name, place] of exportsOf(from)) {
      found.set(name, { ...place, typeOnly: typeOnly || place.typeOnly });
    }
  }
  for (const [name, { exported }] of declared) if (exported) found.set(name, { file, name, typeOnly: false });
  for (const { name, as, from, typeOnly } of exports) {
    const place = from === null ? placeOf(file, name) : exportsOf(from).get(name);
    if (place === undefined) giveUp(`${file} exports ${name}, which is declared nowhere.`);
    found.set(as, { ...place, typeOnly: typeOnly || place.typeOnly });
  }
  return found;
}

/**
 * Everything that signatures refer to, directly or through others.
 * @param {readonly Place[]} places
 */
function referredToBy(places) {
  /** @type {Map<string, Place>} */
  const found = new Map();
  const open = [...places];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { file } = place;
    for (const reference of load(file).declared.get(place.name)?.references ?? []) {
      const target = placeOf(file, reference);
      if (target === undefined || found.has(key(target))) continue;
      found.set(key(target), target);
      open.push(target);
    }
  }
  return [...found.values()];
}

/**
 * Where what a file calls by this name is declared; nothing for globals and for what other packages declare.
 * @param {string} file
 * @param {string} name
 * @returns {Exported | undefined}
 */
function placeOf(file, name) {
  const { declared, imports } = load(file);
  if (declared.has(name)) return { file, name, typeOnly: false };
  const imported = imports.get(name);
  if (imported === undefined || imported.from === null) return undefined;
  return exportsOf(imported.from).get(imported.name);
}

/**
 * @param {string} name
 * @param {Exported} place
 */
function exportedText(name, place) {
  const isValue = load(place.file).declared.get(place.name)?.isValue === true;
  const notes = [
    ...(name === place.name ? [] : [`// exported as ${name}`]),
    ...(isValue && place.typeOnly ? ["// only the type is exported"] : []),
  ];
  return [...notes, textsOf(place).replace(/^(?=[a-z])/gm, "export ")].join("\n");
}

/**
 * The signature, or all of them when there are several.
 * @param {Place} place
 */
function textsOf({ file, name }) {
  return load(file).declared.get(name)?.texts.join("\n") ?? "";
}

/**
 * @param {string} file
 * @returns {Declarations}
 */
function load(file) {
  const known = files.get(file);
  if (known !== undefined) return known;
  const path = join(root, file);
  if (!existsSync(path)) giveUp(`${file} is not there: run \`npm run build\` first.`);
  const declarations = declarationsIn(file, readFileSync(path, "utf8"));
  files.set(file, declarations);
  return declarations;
}

/** @param {Place} place */
function key({ file, name }) {
  return `${file} ${name}`;
}

/**
 * The order of the alphabet, the same on every machine, whatever its language.
 * @param {string} a
 * @param {string} b
 */
function compare(a, b) {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  if (left === right) return a < b ? -1 : Number(a > b);
  return left < right ? -1 : 1;
}
