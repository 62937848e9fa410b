/**
 * Lets one job of the built-in task `longshore.smoke` go through, and measures its way. Every worker knows the task, so one that is
 * deployed can be seen to take a job of its queue, ahead of those that wait. The job is removed when that is seen, or when the time is over.
 */
import { randomBytes } from "node:crypto";
import { QueueNotFound } from "../../model/errors/errors.js";
import type { SmokeRun } from "../../model/smoke/smoke.js";
import { checkOptions } from "../../model/value/call-options.js";
import { formatDuration, parsePositiveDuration, type Duration } from "../../model/value/duration.js";
import { pause } from "../../model/value/clock.js";
import { parseOwnName } from "../../model/value/name.js";
import { reasonText } from "../../model/why/reason-text.js";
import type { ReasonData } from "../../model/why/reason.js";
import { serving } from "../../model/worker/serving.js";
import type { ConnectionContext } from "../connection/context.js";
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
  /** `null`: none was enqueued, for no worker would have taken it. */
  readonly jobId: string | null;
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

/** How often (milliseconds) it is looked whether a worker serves the queue. */
const LOOK_EVERY = 200;

/**
 * Waits until a worker serves the queue, as one does that has just been started; answers with what came of it where none does in time. So a
 * job is enqueued only where it can be run, and a mistyped name makes no queue.
 * @throws QueueNotFound when it does not exist, and no worker names it
 */
export async function smokeUnserved(
  { engine, clock }: ConnectionContext,
  queue: string,
  timeout: number,
): Promise<SmokeResult | null> {
  const from = clock.monotonic();
  for (;;) {
    const workers = await engine.workers();
    if (serving(workers, queue).length > 0) return null;
    const named = workers.filter(({ queues }) => queues.includes(queue));
    const [record] = await engine.queues({ names: [queue] });
    if (record === undefined && named.length === 0) throw new QueueNotFound(queue);
    const total = clock.monotonic() - from;
    if (total >= timeout) {
      const lastSeenAt = named.length === 0 ? null : Math.max(...named.map(({ seenAt }) => seenAt));
      const reasons: readonly ReasonData[] = [
        ...(record?.paused === true ? [{ kind: "paused", queue, since: record.pausedAt } as const] : []),
        { kind: "no-worker", queue, lastSeenAt },
      ];
      const now = await engine.now();
      const why = reasons.map((reason) => reasonText(reason, now)).join(" ");
      const none = { jobId: null, worker: null, host: null, pid: null, wait: null, run: null };
      return { ok: false, queue, ...none, enqueue: 0, total: rounded(total), problem: why };
    }
    await pause(clock, Math.min(LOOK_EVERY, timeout - total));
  }
}

/** Enqueues the job, follows it to its end, and removes it. @param from since when the time runs, as `performance.now()` has it */
export async function followSmoke(
  enqueue: () => Promise<Job>,
  queue: string,
  { from, timeout }: { readonly from: number; readonly timeout: number },
): Promise<SmokeResult> {
  const asked = performance.now();
  const job = await enqueue();
  const accepted = performance.now() - asked;
  let ran: SmokeRun | null = null;
  let problem: string | null = null;
  try {
    ran = (await job.result({ timeout: Math.max(1, Math.round(timeout - (performance.now() - from))) })) as SmokeRun;
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
