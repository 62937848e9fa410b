// Brings the reports of a run from the folders of its scans, which are for workers, to one folder for people.

import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Report } from "./report/report.js";
import type { EndedScan } from "./run.js";
import type { ScanOutcome, ScanReport } from "./scan-outcome.js";
import { scanStatus } from "./scan-status.js";
import { folderOf } from "./scan.js";
import type { ScanResult, ScanSetup } from "./scan.js";

/** Findings that the summary shows of each site. */
const worstShown = 5;

/** Copies the reports of `scans` into the folder `out` and answers how each scan ended, in their order. */
export async function collectReports(
  scans: readonly EndedScan[],
  setup: Pick<ScanSetup, "folder">,
  out: string,
): Promise<ScanOutcome[]> {
  await mkdir(out, { recursive: true });
  const names = reportNames(scans.map(({ url }) => url));
  return Promise.all(
    scans.map(async ({ id, url, record, stepMs }, index) => {
      const { result } = record;
      const name = join(out, names[index] ?? id);
      return {
        url,
        status: scanStatus.status(record).status,
        attempts: record.attempt,
        stepMs,
        report: result === null ? undefined : await copyReport(result, folderOf(setup, id).path, name),
        error: record.error?.message,
      };
    }),
  );
}

async function copyReport(result: ScanResult, from: string, name: string): Promise<ScanReport> {
  const file = `${name}.md`;
  await copyFile(join(from, result.report.markdown), file);
  await copyFile(join(from, result.report.json), `${name}.json`);
  const report = JSON.parse(await readFile(`${name}.json`, "utf8")) as Report;
  const { title, score, pages, findings } = result;
  return { title, score, pages, findings, worst: report.findings.slice(0, worstShown), file };
}

/** A file name for each of `urls`, made of its host; those of one host are numbered. */
export function reportNames(urls: readonly string[]): string[] {
  const used = new Map<string, number>();
  return urls.map((url) => {
    const host = URL.canParse(url) ? new URL(url).host : "";
    const name = host.replace(/[^\w.-]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "site";
    const times = (used.get(name) ?? 0) + 1;
    used.set(name, times);
    return times === 1 ? name : `${name}-${times}`;
  });
}
