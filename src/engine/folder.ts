/** Makes a folder and those above it that are missing. `mkdir` with `recursive` never returns where none can be made, such as below /proc. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/** @throws what the system says; a folder that is there is left as it is */
export function makeFolder(path: string, mode = 0o777): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another process was faster.
    if (!existsSync(path)) throw error;
  }
}
