/** The results that are kept in the repository: `bench/results/<date>.json` with its Markdown, and `-quick` ones. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Report } from "./report.js";
import { markdownOf } from "./table.js";

const FOLDER = fileURLToPath(new URL("../../bench/results/", import.meta.url));
const QUICK = /^\d{4}-\d\d-\d\d-quick\.json$/;

/** Writes both files; answers their names without their endings. */
export async function keep(report: Report): Promise<string> {
  const { date, quick } = report.settings;
  const path = join(FOLDER, quick ? `${date}-quick` : date);
  await mkdir(FOLDER, { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(`${path}.md`, markdownOf(report));
  return path;
}

/** The newest quick run that was kept, and its file; `null` when there is none. */
export async function newestQuick(): Promise<{ file: string; report: Report } | null> {
  const files = (await readdir(FOLDER).catch(() => [])).filter((name) => QUICK.test(name)).sort();
  const file = files.at(-1);
  if (file === undefined) return null;
  return { file, report: JSON.parse(await readFile(join(FOLDER, file), "utf8")) as Report };
}
