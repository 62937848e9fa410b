/**
 * The files of an application's code: task files, and what they import, directly and through others. They are read as text, so
 * that a file that does not compile is followed too, and one that is missing is known by where it is looked for. Installed packages are left out, and
 * so are files that code reads by itself: jobs may write those.
 */
import { readFile, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, isAbsolute, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** How many files are followed, and how long (bytes) those are that are read for imports. */
const MOST_FILES = 2_000;
const LONGEST_FILE = 1_048_576;

const CODE = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"]);
/** What stands after the name of a module when it is written without: as loaders of TypeScript and CommonJS allow. */
const ENDINGS = ["", ".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".json", "/index.js", "/index.ts"];
/** Loaders of TypeScript take `./page.js` for `./page.ts`. */
const WRITTEN_AS: readonly (readonly [RegExp, string])[] = [
  [/\.js$/, ".ts"],
  [/\.js$/, ".tsx"],
  [/\.mjs$/, ".mts"],
  [/\.cjs$/, ".cts"],
];

/** `from "…"`, `import "…"`, `import("…")`, `require("…")`, `module("…#run")`. */
const NAMED = /\b(?:from|import|require|module)\s*\(?\s*(["'`])([^"'`\n]{1,500})\1/g;

/**
 * The files that the code in `entries` is made of, `entries` included.
 * @param roots where the modules of tasks are loaded from, beside the folder of the file that names them
 */
export async function sourcesOf(entries: readonly string[], roots: readonly string[]): Promise<Set<string>> {
  const found = new Set(entries);
  for (const file of found) {
    if (found.size >= MOST_FILES) break;
    for (const name of await namesIn(file)) {
      for (const path of await filesOf(name, file, roots)) if (found.size < MOST_FILES) found.add(path);
    }
  }
  return found;
}

/** The modules that a file names. */
async function namesIn(file: string): Promise<string[]> {
  if (!CODE.has(extname(file))) return [];
  try {
    if ((await stat(file)).size > LONGEST_FILE) return [];
    const text = await readFile(file, "utf8");
    return [...text.matchAll(NAMED)].map(([, , name]) => name ?? "");
  } catch {
    // It is missing, or cannot be read: that is for who loads it to say.
    return [];
  }
}

/** Where a module is; where it is looked for when it is nowhere. */
async function filesOf(name: string, from: string, roots: readonly string[]): Promise<string[]> {
  if (/^\.{1,2}\//.test(name)) {
    const bare = name.replace(/(?<=.)[?#].*$/, "");
    const places = [dirname(from), ...(name.includes("#") ? roots : [])].map((folder) => resolve(folder, bare));
    const existing = await filesAmong(places.flatMap((place) => spellings(place)));
    return existing.length > 0 ? existing : places.slice(0, 1);
  }
  if (name.startsWith("file:")) return filesAmong([pathOf(name)]);
  return inWorkspace(name, from);
}

function spellings(place: string): string[] {
  const others = WRITTEN_AS.filter(([ending]) => ending.test(place)).map(([ending, as]) => place.replace(ending, as));
  return [...ENDINGS.map((ending) => place + ending), ...others];
}

async function filesAmong(paths: readonly string[]): Promise<string[]> {
  const are = await Promise.all(paths.map(async (path) => (await stat(path).catch(() => null))?.isFile() ?? false));
  return paths.filter((_path, index) => are[index]);
}

/** The file of a package that is developed beside the application (a workspace), or of one of its own names (`#db`). */
async function inWorkspace(name: string, from: string): Promise<string[]> {
  try {
    const path = await realpath(createRequire(from).resolve(name));
    return isAbsolute(path) && !path.includes(`${sep}node_modules${sep}`) ? [path] : [];
  } catch {
    return [];
  }
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    return "";
  }
}
