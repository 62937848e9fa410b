// Which files of a database this process has open, where the system tells.
import { readdirSync, readlinkSync } from "node:fs";

/** What is behind the path of the database in the name of each: "" for itself, "-wal" for its log. One entry a descriptor. */
export function openFiles(path: string): string[] {
  try {
    return readdirSync("/proc/self/fd").flatMap((descriptor) => {
      try {
        const found = readlinkSync(`/proc/self/fd/${descriptor}`);
        return found.startsWith(path) ? found.slice(path.length) : [];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
