/**
 * Lets one job of the built-in task `longshore.smoke` go through, and measures its way. Every worker knows the task, so one that is
 * deployed can be seen to take a job of its queue, ahead of those that wait. The job is removed when that is seen, or when the time is over.
 */
import { randomBytes } from "node:crypto";
import type { SmokeRun } from "../../model/smoke/smoke.js";
import { checkOptions } from "../../model/value/call-options.js";
import { formatDuration, parsePositiveDuration, type Duration } from "../../model/value/duration.js";
import { parseOwnName } from "../../model/value/name.js";
import { ResultTimeout } from "../jobs/job-wait.js";
import type { Job } from "../jobs/job.js";

export interface SmokeOptions {
  /** The queue whose workers are to take the job. Default: one of its own, for a worker of this connection. */
  queue?: string;
  /** How long all of it may take. Default: 30 s. */
  timeout?: Duration;
}

/** What came of it. Times are milliseconds. */
export interface SmokeResult {
  /** Was the job run? */
  readonly ok: boolean;
  readonly queue: string;
  readonly jobId: string;
  /** The worker that ran it, on which host and in which process; `null`: none did. */
  readonly worker: string | null;
  readonly host: string | null;
  readonly pid: number | null;
  /** Until the engine had accepted it; from then until it was leased; from then until it was completed; and all of it as seen from here. */
  readonly enqueue: number;
  readonly wait: number | null;
  readonly run: number | null;
  readonly total: number;
  /** Why it was not run, in words; `null`: it was. */
  readonly problem: string | null;
}

const DEFAULT_TIMEOUT = 30_000;

/** Checks options. @throws InvalidInput */
export function parseSmokeOptions(options: SmokeOptions): { readonly queue: string | null; readonly timeout: number } {
  checkOptions(options, ["queue", "timeout"]);
  return {
    queue: options.queue === undefined ? null : parseOwnName("queue", options.queue),
    timeout: options.timeout === undefined ? DEFAULT_TIMEOUT : parsePositiveDuration("timeout", options.timeout),
  };
}

/** A queue that only this one job is in. */
export function ownSmokeQueue(): string {
  return `longshore-smoke-${randomBytes(4).toString("hex")}`;
}

/** The options of the job: it goes ahead of all others, is tried once, and is not left behind where this process dies. */
export const SMOKE_JOB = {
  priority: -100_000,
  attempts: 1,
  keep: { completed: "1h", failed: "1h" },
} as const;

/** Enqueues the job, follows it to its end, and removes it. */
export async function followSmoke(enqueue: () => Promise<Job>, queue: string, timeout: number): Promise<SmokeResult> {
  const from = performance.now();
  const job = await enqueue();
  const accepted = performance.now() - from;
  let ran: SmokeRun | null = null;
  let problem: string | null = null;
  try {
    ran = (await job.result({ timeout: Math.max(1, Math.round(timeout - accepted)) })) as SmokeRun;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    problem = error instanceof ResultTimeout ? await whyNot(job, timeout) : said;
  }
  const total = performance.now() - from;
  const { createdAt, startedAt, finishedAt, lastWorker } = await job.refresh();
  if (problem !== null) await job.cancel().catch(() => undefined);
  await job.remove().catch(() => undefined);
  return {
    ok: ran !== null,
    queue,
    jobId: job.id,
    worker: lastWorker,
    host: ran?.host ?? null,
    pid: ran?.pid ?? null,
    enqueue: rounded(accepted),
    wait: startedAt === null ? null : startedAt - createdAt,
    run: startedAt === null || finishedAt === null ? null : finishedAt - startedAt,
    total: rounded(total),
    problem,
  };
}

async function whyNot(job: Job, timeout: number): Promise<string> {
  const late = `it has not ended within ${formatDuration(timeout)}.`;
  try {
    return [late, ...(await job.why()).map(({ text }) => text)].join(" ");
  } catch {
    return late;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
