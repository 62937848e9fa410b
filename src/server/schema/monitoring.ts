/** The documents of the routes of monitoring. Their fields are written as those of RQ's systems are. */
import { z } from "@hono/zod-openapi";
import type { QueueRecord, WorkerRecord } from "../../engine/contract/engine.js";
import type { SlimSnapshot } from "../../model/job/query/snapshot.js";
import { STATES, type JobState } from "../../model/job/state.js";
import { serving } from "../../model/worker/serving.js";
import type { View } from "../http/view.js";
import { iso, isoOrNull, JobId, Name, Time, TimeOrNull } from "./common.js";

const Count = z.number().int();

const HealthProblem = z.object({
  code: z.enum(["QUEUE_WITHOUT_WORKER", "WORKER_LOST"]),
  message: z.string(),
  queue: Name.optional(),
  waiting: Count.optional(),
  workers: Count.optional(),
  worker: z.string().optional(),
});

/** Whether everything is running. */
export const MonitoringHealth = z
  .object({
    status: z.enum(["healthy", "degraded"]),
    queues: Count,
    workers: Count,
    waiting: Count,
    active: Count,
    failed: Count,
    problems: z.array(HealthProblem),
  })
  .openapi("MonitoringHealth");

/** The counts of queues, by status. */
export const MonitoringStats = z
  .object({
    queues: z.array(
      z.object({ name: z.string(), paused: z.boolean(), workers: Count, counts: z.record(z.string(), Count) }),
    ),
    total: z.record(z.string(), Count),
  })
  .openapi("MonitoringStats");

/** The workers. */
export const MonitoringWorkers = z
  .object({
    count: Count,
    workers: z.array(
      z.object({
        name: z.string(),
        state: z.enum(["busy", "idle", "lost"]),
        queues: z.array(z.string()),
        running: Count,
        concurrency: Count,
        hostname: z.string(),
        pid: Count,
        started_at: Time,
        last_heartbeat: Time,
      }),
    ),
  })
  .openapi("MonitoringWorkers");

/** Jobs that failed. */
export const MonitoringFailed = z
  .object({
    jobs: z.array(
      z.object({
        rq_job_id: JobId,
        queue: Name,
        task: Name,
        error: z.string().nullable(),
        attempts: Count,
        created_at: Time,
        failed_at: TimeOrNull,
      }),
    ),
    cursor: z.string().nullable(),
  })
  .openapi("MonitoringFailed");

/** A job to queue again. */
export const RetryRequest = z.strictObject({ rq_job_id: z.string(), queue: Name.optional() }).openapi("RetryRequest");

/** A job that was queued again. */
export const RetryAnswer = z.object({ rq_job_id: JobId, status: z.string() }).openapi("RetryAnswer");

/** Says whether everything is running, and what is not: above all a queue in which jobs wait that no worker takes. */
export function healthDocument(
  queues: readonly QueueRecord[],
  workers: readonly WorkerRecord[],
): z.infer<typeof MonitoringHealth> {
  const unserved = queues.filter(({ name, counts }) => counts.queued > 0 && serving(workers, name).length === 0);
  const problems: z.infer<typeof HealthProblem>[] = unserved.map(({ name, counts: { queued } }) => ({
    code: "QUEUE_WITHOUT_WORKER",
    message: `queue ${name} has ${queued} waiting job${queued === 1 ? "" : "s"} and 0 workers: start one`,
    queue: name,
    waiting: queued,
    workers: 0,
  }));
  for (const { name, liveness, running } of workers) {
    if (liveness !== "lost") continue;
    const message = `worker ${name} gives no sign of life; another takes over its ${running} jobs`;
    problems.push({ code: "WORKER_LOST", message, worker: name });
  }
  const sum = (state: JobState): number => queues.reduce((total, { counts }) => total + counts[state], 0);
  return {
    status: problems.length === 0 ? "healthy" : "degraded",
    queues: queues.length,
    workers: workers.filter(({ liveness }) => liveness !== "lost").length,
    waiting: sum("queued"),
    active: sum("active"),
    failed: sum("failed"),
    problems,
  };
}

/** The counts of queues, and all of them together, under these names of states. */
export function statsDocument(
  queues: readonly QueueRecord[],
  workers: readonly WorkerRecord[],
  names: Readonly<Record<JobState, string>>,
): z.infer<typeof MonitoringStats> {
  return {
    queues: queues.map(({ name, paused, counts }) => {
      return { name, paused, workers: serving(workers, name).length, counts: named([counts], names) };
    }),
    total: named(
      queues.map(({ counts }) => counts),
      names,
    ),
  };
}

/** The workers. */
export function workersDocument(workers: readonly WorkerRecord[]): z.infer<typeof MonitoringWorkers> {
  return {
    count: workers.length,
    workers: workers.map((worker) => ({
      name: worker.name,
      state: worker.liveness === "lost" ? "lost" : worker.running > 0 ? "busy" : "idle",
      queues: [...worker.queues],
      running: worker.running,
      concurrency: worker.concurrency,
      hostname: worker.host,
      pid: worker.pid,
      started_at: iso(worker.startedAt),
      last_heartbeat: iso(worker.seenAt),
    })),
  };
}

/** A page of jobs that failed. */
export function failedDocument(
  page: { readonly jobs: readonly SlimSnapshot[]; readonly cursor: string | null },
  view: View,
): z.infer<typeof MonitoringFailed> {
  const jobs = page.jobs.map(({ id, queue, task, error, attempt, createdAt, finishedAt }) => ({
    rq_job_id: id,
    queue,
    task,
    error: error === null ? null : view.text(error.message),
    attempts: attempt,
    created_at: iso(createdAt),
    failed_at: isoOrNull(finishedAt),
  }));
  return { jobs, cursor: page.cursor };
}

function named(
  all: readonly Readonly<Record<JobState, number>>[],
  names: Readonly<Record<JobState, string>>,
): Record<string, number> {
  const counts = new Map<string, number>();
  for (const state of STATES) {
    const count = all.reduce((total, of) => total + of[state], 0);
    counts.set(names[state], (counts.get(names[state]) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}
