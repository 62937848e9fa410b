// The example as a program: scans websites in background jobs, shows how far each is, prints what was found and writes
// the reports. Results go to standard output, everything else to standard error.
// Exit codes: 0 every site was scanned, 1 one was not, 2 wrong usage, 130 interrupted (the next run continues).

import { rm } from "node:fs/promises";

import { Interrupted, interruption } from "../interruption.js";
import { usualPort } from "../loopback.js";
import { RunBook, runKey } from "../run-book.js";
import { UsageError, parseArguments, usage } from "./arguments.js";
import type { Settings } from "./arguments.js";
import type { Removed } from "./cleanup.js";
import { count } from "./report/markdown-report.js";
import { collectReports } from "./report-folder.js";
import { runScans } from "./run.js";
import { ScanBoard } from "./scan-board.js";
import { outcomeLine } from "./scan-outcome.js";
import type { ScanOutcome } from "./scan-outcome.js";
import { folderOf } from "./scan.js";
import { serveDocumentation } from "./site/documentation-site.js";
import { terminalReport } from "./terminal-report.js";

const workFolder = ".longshore/site-scan";

async function scanSites(settings: Settings, signal: AbortSignal): Promise<ScanOutcome[]> {
  if (settings.sites.length > 0) return scan(settings.sites, [], settings, signal);
  const site = await serveDocumentation(usualPort("site-scan", process.cwd()));
  try {
    process.stderr.write(`Scanning the documentation of Longshore, which is served at ${site.url}\n`);
    return await scan([site.url], [site.origin], settings, signal);
  } finally {
    await site.close();
  }
}

async function scan(
  sites: readonly string[],
  trustedOrigins: readonly string[],
  { url, maxPages, pageJobs, anonymous, concurrency, out, ttlSeconds }: Settings,
  signal: AbortSignal,
): Promise<ScanOutcome[]> {
  const book = new RunBook(".longshore/demo-runs.json");
  const userId = anonymous ? null : "demo";
  const key = runKey(["site-scan", url, maxPages, pageJobs, userId, sites]);
  const { id: runId, continued } = await book.begin(key, key);
  if (continued) process.stderr.write("Continuing the run that was interrupted.\n");

  const setup = { folder: workFolder, trustedOrigins };
  const board = new ScanBoard(process.stderr);
  const ended = await runScans(sites, {
    url,
    runId,
    concurrency,
    maxPages,
    pageJobs,
    ttlSeconds,
    userId,
    setup,
    signal,
    onChange: (id, row) => board.update(id, row),
    onCleanup: (removed) => process.stderr.write(cleanupLine(removed, ttlSeconds)),
  }).finally(() => board.clear());
  const outcomes = await collectReports(ended, setup, out);
  await book.finish(key, runId);
  await Promise.all(ended.map(({ id }) => rm(folderOf(setup, id).path, { recursive: true, force: true })));
  return outcomes;
}

function cleanupLine({ jobs, folders }: Removed, ttlSeconds: number): string {
  const what = `${count(jobs, "job")} and ${count(folders, "folder")}`;
  return `Clean-up: removed ${what} of scans older than ${count(ttlSeconds, "second")}\n`;
}

function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return 130;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

try {
  const settings = parseArguments(process.argv.slice(2), process.env);
  if (settings.help) process.stdout.write(usage);
  else {
    const outcomes = await scanSites(settings, interruption());
    const lines = settings.json ? outcomes.map(outcomeLine).join("\n") : terminalReport(outcomes);
    process.stdout.write(`${lines}\n`);
    if (outcomes.some(({ report }) => report === undefined)) process.exitCode = 1;
  }
} catch (error) {
  process.exitCode = exitCodeFor(error);
}
