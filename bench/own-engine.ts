/** An engine of the package without a connection before it, which would divide commands and add others of its own. */
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Engine } from "longshore";

export async function openEngine(url: string): Promise<Engine> {
  const folder = dirname(createRequire(import.meta.url).resolve("longshore/package.json"));
  const module = (await import(pathToFileURL(join(folder, "dist/engine/open.js")).href)) as {
    openEngine(target: string): Promise<Engine>;
  };
  return module.openEngine(url);
}
