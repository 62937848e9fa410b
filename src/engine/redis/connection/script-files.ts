/**
 * The Lua files by name. Folders sort them for readers; a script and an include are named without theirs, so a name is there
 * once among scripts, and once among includes (below `lib/`).
 */
import { readFileSync, readdirSync } from "node:fs";
import { join, sep } from "node:path";

/** Files by name. */
export interface ScriptFiles {
  readonly names: readonly string[];
  /** The text of one. @throws SyntaxError when there is none of this name */
  readonly read: (name: string) => string;
}

/**
 * Finds the files below a folder: scripts as `"enqueue.lua"`, includes as `"lib/record.lua"`.
 * @throws SyntaxError for two files of one name
 */
export function scriptFiles(folder: string): ScriptFiles {
  const paths = new Map<string, string>();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const parts = path.split(sep);
    const file = parts.at(-1) ?? "";
    if (!file.endsWith(".lua")) continue;
    const name = parts[0] === "lib" ? `lib/${file}` : file;
    if (paths.has(name)) throw new SyntaxError(`scripts/${path}: ${paths.get(name)} has the same name`);
    paths.set(name, path);
  }
  return {
    names: [...paths.keys()],
    read: (name) => {
      const path = paths.get(name);
      if (path === undefined) throw new SyntaxError(`scripts: there is no ${name}`);
      return readFileSync(join(folder, path), "utf8");
    },
  };
}
