// The example as a program: reads requirements, analyses each in a background job, shows how far it is, prints what
// was found and writes a report. Results go to standard output, everything else to standard error.
// Exit codes: 0 done (the report says which requirements could not be analysed), 1 failed, 2 wrong usage,
// 130 interrupted (the next run continues).

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";

import { inputsFor } from "./analyse.js";
import { selectAnalysers } from "./analysers/registry.js";
import { UsageError, parseArguments, usage } from "./arguments.js";
import type { Settings } from "./arguments.js";
import { CsvInputError, readRequirements } from "./csv.js";
import { IssueBook } from "./issue-book.js";
import { markdownReport } from "./markdown-report.js";
import { ProgressLine } from "./progress-line.js";
import { summarise, summaryLine } from "./report.js";
import { Interrupted, interruption } from "../interruption.js";
import { RunBook, runKey } from "../run-book.js";
import { runAnalysis } from "./run.js";
import { terminalReport } from "./terminal-report.js";

async function analyseFile(settings: Settings, signal: AbortSignal): Promise<void> {
  const rows = await readRequirements(settings.file);
  const { url, concurrency } = settings;
  const engine = engineOf(url);
  const project = resolve(settings.file);
  const runs = new RunBook(".longshore/demo-runs.json");
  const place = runKey([url, project]);
  const run = await runs.begin(place, runKey([settings.analysers, rows]));
  if (run.continued) process.stderr.write("Continuing the run that was interrupted.\n");

  const startedAt = new Date();
  const began = performance.now();
  const line = new ProgressLine(process.stderr);
  // Jobs in memory are gone with this process: their issues in a file would never be superseded.
  const book = new IssueBook(engine === "memory" ? ":memory:" : ".longshore/demo-issues.db");
  const outcome = await runAnalysis(inputsFor(rows, settings.analysers), {
    url,
    project,
    run,
    concurrency,
    book,
    signal,
    onProgress: (progress) => line.update({ ...progress, elapsedMs: performance.now() - began }),
  }).finally(() => {
    line.clear();
    book.close();
  });
  const wallMs = performance.now() - began;
  await runs.finish(place, run.id);

  const made = { engine, source: settings.file, startedAt, wallMs, concurrency, ...outcome };
  const summary = summarise(made, selectAnalysers(settings.analysers));
  await writeFile(settings.out, markdownReport(summary));
  if (!settings.json) process.stdout.write(`${terminalReport(summary, process.stdout.columns)}\n\n`);
  process.stderr.write(`Report written to ${settings.out}\n`);
  if (settings.json) process.stdout.write(`${summaryLine(summary)}\n`);
}

function engineOf(url: string): string {
  const scheme = url.slice(0, url.indexOf(":"));
  return scheme === "rediss" ? "redis" : scheme;
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
