/**
 * From a module reference to the file it means, under the roots that a worker allows. Symbolic links are followed
 * before the answer is checked, so that none leads out of a root; the roots are followed anew each time, so that a
 * deploy may point one elsewhere.
 */
import { realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { ModuleNotFound, ModuleRefused } from "../../model/errors/errors.js";
import type { ModuleReference } from "../../define/module.js";

// As TypeScript resolves it: sources are named by the file they become.
const SOURCES: readonly (readonly [ending: string, source: string])[] = [
  [".js", ".ts"],
  [".mjs", ".mts"],
  [".cjs", ".cts"],
];

/**
 * The file a reference means: the first that exists, in the order of the roots.
 * @throws ModuleNotFound naming what was tried; ModuleRefused when it is outside of every root
 */
export async function findModule(reference: ModuleReference, roots: readonly string[]): Promise<string> {
  const tried = roots.flatMap((root) => namesOf(reference.path).map((path) => resolve(root, path)));
  for (const path of tried) {
    const file = await followed(path);
    if (file === null) continue;
    for (const root of roots) if (isInside(file, await realpath(root))) return file;
    throw new ModuleRefused(String(reference), `${path} is a link to a file outside of the task roots`);
  }
  throw new ModuleNotFound(String(reference), `there is no such file; tried ${tried.join(", ")}`);
}

/** The real path of a file; `null` when there is none. */
async function followed(path: string): Promise<string | null> {
  try {
    const file = await realpath(path);
    return (await stat(file)).isFile() ? file : null;
  } catch {
    return null;
  }
}

function namesOf(path: string): string[] {
  const [ending, source] = SOURCES.find(([ending]) => path.endsWith(ending)) ?? ["", ""];
  return ending === "" ? [path] : [path, path.slice(0, -ending.length) + source];
}

function isInside(file: string, root: string): boolean {
  const inner = relative(root, file);
  return inner !== "" && inner !== ".." && !inner.startsWith(`..${sep}`) && join(root, inner) === file;
}
