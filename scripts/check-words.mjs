// Checks that the project speaks the words of docs/glossary.md: none of the private words that it once had for them stands in
// src/, docs/ or test/, in comments, names or texts. `node scripts/check-words.mjs [folder]`; prints each as file:line with
// the word to use, and exits 1 when there is one.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

/** What to say instead. @type {Record<string, string>} */
const INSTEAD = {
  news: "outbox, pending messages",
  tidings: "message",
  farewell: "removal message",
  teller: "publisher, outbox entry",
  tie: "dependency, link",
  ties: "dependencies, links",
  tied: "linked",
  untied: "unlinked",
  untie: "remove a dependent",
  tying: "linking",
  kid: "dependent",
  kids: "dependents",
  owed: "pending",
  owing: "due",
  memo: "checkpoint",
  memos: "checkpoints",
  workshop: "runtime",
  succession: "superseded hooks",
  referent: "referenced job",
  referents: "referenced jobs",
  habits: "fast path",
  harbour: "process fixture",
  gather: "complete, collect",
  pinned: "retained",
  unpin: "unretain",
  vocabulary: "profile",
  vocabularies: "profiles",
};

// A word of a longer name counts too: `haveNews`, `tied_bodies`.
const words = new RegExp(`(?<![a-z])(?:${Object.keys(INSTEAD).join("|")})(?![a-z])`, "gi");
const endings = [".ts", ".lua", ".md", ".mjs"];

/** @type {string[]} */
const found = [];
// The schemas of before, and how their files are read, keep the names that they had.
const before = new Set(["src/engine/sqlite/database/migrations.ts", "test/engine/sqlite-migration.test.ts"]);
const files = ["src", "docs", "test"]
  .flatMap((folder) => filesIn(join(root, folder)))
  .filter((file) => !before.has(file));
for (const file of files) {
  for (const [index, line] of readFileSync(join(root, file), "utf8").split("\n").entries()) {
    // A capital in the middle of a name begins a word.
    for (const [word] of line.replace(/([a-z0-9])([A-Z])/g, "$1 $2").matchAll(words)) {
      found.push(`${file}:${index + 1} says "${word}": ${INSTEAD[word.toLowerCase()] ?? ""}`);
    }
  }
}
for (const one of found) console.error(one);
console.error(
  found.length === 0 ? `Words: ${files.length} files, no private ones.` : `Words: ${found.length} private ones.`,
);
process.exitCode = found.length === 0 ? 0 : 1;

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
