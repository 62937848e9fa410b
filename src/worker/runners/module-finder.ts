/**
 * Resolves a module reference to a file under the roots that a worker allows. Symbolic links are resolved before the
 * check, so that none leads out of a root. The roots are resolved on each call, so that a deploy may repoint them.
 */
import { realpath, stat } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { ModuleNotFound, ModuleRefused } from "../../model/errors/errors.js";
import type { ModuleReference } from "../../define/module.js";

// As TypeScript resolves it: a source is named by the file it compiles to.
const SOURCES: readonly (readonly [ending: string, source: string])[] = [
  [".js", ".ts"],
  [".mjs", ".mts"],
  [".cjs", ".cts"],
];

/**
 * The file a reference means: the first that exists, in the order of the roots.
 * @throws ModuleNotFound naming the paths tried; ModuleRefused when the file is outside of every root
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

/** The real path of a file; `null` when there is no such file. */
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
