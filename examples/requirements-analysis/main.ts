// The example as a program: reads requirements, analyses each in a background job, shows how far it is, prints what
// was found and writes a report. Results go to standard output, everything else to standard error.
// Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted (the next run continues).

import { writeFile } from "node:fs/promises";

import { inputsFor } from "./analyse.js";
import { selectAnalysers } from "./analysers/registry.js";
import { UsageError, parseArguments, usage } from "./arguments.js";
import type { Settings } from "./arguments.js";
import { CsvInputError, readRequirements } from "./csv.js";
import { markdownReport } from "./markdown-report.js";
import { ProgressLine } from "./progress-line.js";
import { summarise, summaryLine } from "./report.js";
import type { JobOutcome } from "./report.js";
import { RunBook, runKey } from "../run-book.js";
import { runAnalysis } from "./run.js";
import { terminalReport } from "./terminal-report.js";

class Interrupted extends Error {
  override readonly name = "Interrupted";
}

async function analyseFile(settings: Settings, signal: AbortSignal): Promise<void> {
  const rows = await readRequirements(settings.file);
  const book = new RunBook(".longshore/demo-runs.json");
  const key = runKey([settings.url, settings.analysers, rows]);
  const { id: runId, continued } = await book.begin(key);
  if (continued) process.stderr.write("Continuing the run that was interrupted.\n");

  const startedAt = new Date();
  const began = performance.now();
  const line = new ProgressLine(process.stderr);
  let done = 0;
  let issues = 0;
  const onOutcome = (outcome: JobOutcome): void => {
    done += 1;
    issues += outcome.findings.length;
    const elapsedMs = performance.now() - began;
    line.update({ done, total: rows.length, issues, current: outcome.requirementId, elapsedMs });
  };
  const { url, concurrency } = settings;
  const jobs = await runAnalysis(inputsFor(rows, settings.analysers), {
    url,
    runId,
    concurrency,
    signal,
    onOutcome,
  }).finally(() => line.clear());
  const wallMs = performance.now() - began;
  await book.finish(key);

  const run = { engine: engineOf(url), source: settings.file, startedAt, wallMs, concurrency, jobs };
  const summary = summarise(run, selectAnalysers(settings.analysers));
  await writeFile(settings.out, markdownReport(summary));
  if (!settings.json) process.stdout.write(`${terminalReport(summary, process.stdout.columns)}\n\n`);
  process.stderr.write(`Report written to ${settings.out}\n`);
  if (settings.json) process.stdout.write(`${summaryLine(summary)}\n`);
}

function engineOf(url: string): string {
  const scheme = url.slice(0, url.indexOf(":"));
  return scheme === "rediss" ? "redis" : scheme;
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  process.once("SIGINT", () => {
    process.stderr.write("\nStopping; the queue stays as it is. Press Ctrl-C again to leave at once.\n");
    process.once("SIGINT", () => process.exit(130));
    controller.abort(new Interrupted("Interrupted. Run the same command again to finish."));
  });
  return controller.signal;
}

function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (error instanceof Interrupted || error instanceof CsvInputError) {
    process.stderr.write(`${error.message}\n`);
    return error instanceof Interrupted ? 130 : 1;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

try {
  const settings = parseArguments(process.argv.slice(2));
  if (settings.help) process.stdout.write(usage);
  else await analyseFile(settings, interruption());
} catch (error) {
  process.exitCode = exitCodeFor(error);
}
