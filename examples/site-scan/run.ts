// A run: one job for each site enqueued in a single call, a worker in this process, and the events of each scan until it
// has ended. An abort stops the worker and leaves the queue as it is; enqueueing the same ids again later continues
// where it stopped. What earlier runs left behind for too long is removed first, and then every hour.

import { connect, isTerminal } from "longshore";
import type { Job, JobSnapshot, Longshore } from "longshore";

import { cleanupName, cleanupTask, scheduleCleanup } from "./cleanup.js";
import type { Removed } from "./cleanup.js";
import { pageScanTask } from "./page-scan.js";
import type { Teaser } from "./report/teaser.js";
import type { ScanRow } from "./scan-board.js";
import { scanStatus } from "./scan-status.js";
import { scanTask } from "./scan.js";
import type { ScanResult, ScanSetup } from "./scan.js";
import { siteScanTask } from "./site-scan.js";

/** A scan that has ended. */
export interface EndedScan {
  /** The job's id. */
  id: string;
  url: string;
  record: JobSnapshot<ScanResult>;
  /** Milliseconds of each step, by name, in order. */
  stepMs: Record<string, number>;
}

export interface ScanRun {
  /** The engine. */
  url: string;
  /** Job ids begin with it; the same id continues the same run. */
  runId: string;
  concurrency: number;
  maxPages: number;
  /** Whether each page is scanned in a job of its own. */
  pageJobs: boolean;
  /** How long scans are kept. */
  ttlSeconds: number;
  /** Null for scans without an account. */
  userId: string | null;
  setup: ScanSetup;
  /** Ends the run early, with the queue intact. */
  signal: AbortSignal;
  /** Called whenever a scan has moved on. */
  onChange: (id: string, row: ScanRow) => void;
  /** Called with what was removed before the run. */
  onCleanup: (removed: Removed) => void;
}

/** Scans `sites` in background jobs and answers how each ended, in the order of `sites`. */
export async function runScans(sites: readonly string[], run: ScanRun): Promise<EndedScan[]> {
  const { setup, concurrency } = run;
  const longshore = await connect(run.url);
  try {
    const cleanup = cleanupTask({ longshore, folder: setup.folder }, { ttlSeconds: run.ttlSeconds });
    await scheduleCleanup(longshore, cleanup);
    const tasks = [scanTask(setup), siteScanTask(setup), pageScanTask(setup), cleanup];
    // A short lease: what a run that was killed held is free for the next run after 5 seconds.
    const worker = longshore.worker(tasks, { concurrency, lease: "5s", grace: 0 });
    try {
      return await Promise.race([scanAll(longshore, sites, run), aborted(run.signal)]);
    } finally {
      await worker.stop();
    }
  } finally {
    await longshore.close();
  }
}

async function scanAll(longshore: Longshore, sites: readonly string[], run: ScanRun): Promise<EndedScan[]> {
  const { maxPages, userId, runId, setup } = run;
  const cleaned = await longshore.schedules.run(cleanupName);
  run.onCleanup((await cleaned.result()) as Removed);
  const scans = sites.map((url) => ({ url, maxPages, userId }));
  const options = {
    tags: [`run:${runId}`],
    each: (_: unknown, index: number) => ({ id: `${runId}-${index + 1}` }),
  };
  const jobs: Job<ScanResult>[] = run.pageJobs
    ? await longshore.enqueueMany(siteScanTask(setup), scans, options)
    : await longshore.enqueueMany(scanTask(setup), scans, options);
  return Promise.all(jobs.map((job, index) => follow(job, sites[index] ?? "", run.onChange)));
}

/** Tells how a job moves on until it has ended. */
async function follow(job: Job<ScanResult>, url: string, onChange: ScanRun["onChange"]): Promise<EndedScan> {
  let record = await job.refresh();
  let teaser: Teaser | undefined;
  for await (const event of job.events()) {
    // An event tells that something has changed; the record tells everything as it is now.
    if (event.kind === "progress") record = { ...record, progress: event.progress };
    else record = await job.refresh();
    if (event.kind === "milestone") teaser = event.value as Teaser;
    onChange(job.id, rowOf(url, record, teaser));
  }
  record = await job.refresh();
  onChange(job.id, rowOf(url, record, teaser));
  const steps = await job.steps();
  return { id: job.id, url, record, stepMs: Object.fromEntries(steps.map(({ name, took }) => [name, took])) };
}

function rowOf(url: string, record: JobSnapshot<ScanResult>, teaser: Teaser | undefined): ScanRow {
  const status = scanStatus.status(record);
  const message = messageOf(record, teaser);
  return { url, ...status, percent: record.progress?.percent ?? 0, message, isDone: isTerminal(record.state) };
}

/** What a scan does, why it waits, why it failed, or what it has shown. */
function messageOf(record: JobSnapshot<ScanResult>, teaser: Teaser | undefined): string {
  const { state, error, progress, attempt, attempts } = record;
  if (state === "failed") return error?.message ?? "";
  if (state === "delayed" && error !== null) return `attempt ${attempt} of ${attempts}: ${error.message}`;
  if (teaser !== undefined) return `score ${teaser.score}`;
  if (state === "blocked") return `waits for ${progress?.items?.total ?? "its"} pages`;
  return state === "active" ? (progress?.message ?? "") : "";
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
