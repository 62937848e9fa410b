/**
 * Files of this package that are read or started by their path: scripts, threads, programs of child processes. A bundler
 * moves the code that names them and leaves the files behind; the first use then fails with an error that says what to do.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Bundled } from "../../model/errors/errors.js";

/**
 * The path of a file beside a module of this package.
 * @param here the module's `import.meta.url`; a bundle of CommonJS has none
 * @throws Bundled when it is not there
 */
export function ownFile(here: string | undefined, name: string): string {
  if (here === undefined || here === "") throw new Bundled(name);
  // Run from its sources (in this package's own tests), the package uses the built files.
  const built = here.endsWith(".ts") ? here.replace("/src/", "/dist/") : here;
  const path = fileURLToPath(new URL(name, built));
  if (!existsSync(path)) throw new Bundled(name);
  return path;
}
