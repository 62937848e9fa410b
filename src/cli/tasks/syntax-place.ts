/** Where a file does not compile, which the error of an import does not say: Node prints it when it checks the file alone. */
import { execFile } from "node:child_process";

/** So many files are checked, a process each. */
const MOST_FILES = 50;
const PATIENCE = 10_000;
const CHECKED = /\.[cm]?js$/;

/** The first of these files that does not compile, as `file:line`; `null` when all do. */
export async function syntaxPlace(files: Iterable<string>, signal: AbortSignal): Promise<string | null> {
  const checked = [...new Set(files)].filter((file) => CHECKED.test(file)).slice(0, MOST_FILES);
  for (const file of checked) {
    const place = await placeIn(file, signal);
    if (place !== null || signal.aborted) return place;
  }
  return null;
}

function placeIn(file: string, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--check", file], { timeout: PATIENCE, signal }, (_error, _stdout, stderr) => {
      const [place = ""] = stderr.split("\n");
      resolve(place.includes(file) && /:\d+$/.test(place) ? place.replace(/^file:\/\//, "") : null);
    });
  });
}
