// Checks that the project speaks the words of docs/glossary.md: none of the private words that it once had for them
// (private-words.mjs) stands in src/, docs/, test/, packages/ or the pages at the root, in comments, names or texts. `node scripts/check-words.mjs [folder]`;
// prints each as file:line with the word to use, and exits 1 when there is one.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { KEYS, NAMES, PROSE, TYPES, WORDS } from "./private-words.mjs";

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

/** @typedef {{ word: string, instead: string }} Found */
/** @typedef {(line: string, file: string) => Found[]} Rule */

/** @type {readonly Rule[]} */
const RULES = [
  // A capital in the middle of a name begins a word.
  everywhere(WORDS, (words) => `(?<![a-z])(${words})(?![a-z])`, splitAtCapitals),
  names(NAMES),
  everywhere(TYPES, (types) => `(?<=\\b(?:class|interface|type) )(${types})\\b`),
  inProse(everywhere(PROSE, (words) => `\\b(${words})\\b(?! apart)`)),
  // In a script a key is a field of `K`, or in the list of its head.
  inScripts(everywhere(KEYS, (keys) => `(?<=\\bK\\.|^-- KEYS:.* )(${keys})(?![\\w])`)),
];

const endings = [".ts", ".lua", ".md", ".mjs"];
// The schemas of before, and how their files are read, keep the names that they had.
const before = new Set([
  "src/engine/sqlite/database/migrations.ts",
  "test/engine/sqlite/migration.test.ts",
  "test/engine/sqlite/schema-history.ts",
]);

const files = ["src", "docs", "test", "packages"]
  .flatMap((folder) => filesIn(join(root, folder)))
  .concat(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].filter((file) => existsSync(join(root, file))))
  .filter((file) => !before.has(file));
const complaints = files.flatMap((file) =>
  readFileSync(join(root, file), "utf8")
    .split("\n")
    .flatMap((line, index) =>
      RULES.flatMap((rule) => rule(line, file)).map(
        ({ word, instead }) => `${file}:${index + 1} says "${word}": ${instead}`,
      ),
    ),
);
for (const complaint of complaints) console.error(complaint);
console.error(
  complaints.length === 0
    ? `Words: ${files.length} files, no private ones.`
    : `Words: ${complaints.length} private ones.`,
);
process.exitCode = complaints.length === 0 ? 0 : 1;

/**
 * Finds words by a pattern, in any case unless some have capitals.
 * @param {Record<string, string>} instead
 * @param {(words: string) => string} pattern
 * @param {(line: string) => string} [prepare]
 * @returns {Rule}
 */
function everywhere(instead, pattern, prepare = (line) => line) {
  const words = Object.keys(instead);
  const isLower = words.every((word) => word === word.toLowerCase());
  const searched = new RegExp(pattern(words.join("|")), isLower ? "gi" : "g");
  return (line) =>
    [...prepare(line).matchAll(searched)].map(([, word = ""]) => ({
      word,
      instead: instead[isLower ? word.toLowerCase() : word] ?? "",
    }));
}

/**
 * Finds names that have some words in a row: joined by capitals or `_` anywhere in a name, by `-` only as all of it, as plain
 * text has hyphens too.
 * @param {Record<string, string>} instead
 * @returns {Rule}
 */
function names(instead) {
  const phrases = Object.entries(instead);
  return (line) =>
    (line.match(/[A-Za-z][\w-]*/g) ?? []).flatMap((name) => {
      const spoken = splitAtCapitals(name).replaceAll("_", " ").toLowerCase();
      return phrases
        .filter(([phrase]) => ` ${spoken} `.includes(` ${phrase} `) || spoken.replaceAll("-", " ") === phrase)
        .map(([, better]) => ({ word: name, instead: better }));
    });
}

/**
 * A rule for what is written for people: comments, documentation, titles of tests and scenarios.
 * @param {Rule} rule
 * @returns {Rule}
 */
function inProse(rule) {
  const comment = { lua: /--.*/, md: /.*/, ts: /(?:^\s*(?:\/\*\*?|\*|--)| \/\/|^\/\/).*/ };
  const title = /(?:\b(?:describe|it|test)\b[^"`]*|\)\(|^\s*)(["`])[^"`]* [^"`]* [^"`]*\1,/;
  return (line, file) => {
    const kind = file.endsWith(".lua") ? "lua" : file.endsWith(".md") ? "md" : "ts";
    const texts = [comment[kind], ...(kind === "ts" ? [title] : [])].flatMap(
      (pattern) => line.match(pattern)?.[0] ?? [],
    );
    return texts.flatMap((text) => rule(text, file));
  };
}

/**
 * A rule for the Redis scripts alone.
 * @param {Rule} rule
 * @returns {Rule}
 */
function inScripts(rule) {
  return (line, file) => (file.endsWith(".lua") ? rule(line, file) : []);
}

/**
 * @param {string} line
 * @returns {string}
 */
function splitAtCapitals(line) {
  return line.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2");
}

/**
 * The files in a folder and below, as paths from the root with forward slashes.
 * @param {string} folder
 * @returns {string[]}
 */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"));
}
