/** Where a file really stands: SQLite keeps its log beside the file itself, not beside a link to it. */
import { realpathSync } from "node:fs";

/** The path without links; as it is, where there is no file. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
