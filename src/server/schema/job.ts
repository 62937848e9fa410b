/** The document of a job, in the words of Longshore. */
import { z } from "@hono/zod-openapi";
import type { DependencyRecord } from "../../model/job/dependency.js";
import type { LongField } from "../../model/job/query/fields.js";
import type { JobSnapshot, SlimSnapshot } from "../../model/job/query/snapshot.js";
import type { View } from "../http/view.js";
import {
  ErrorDocument,
  errorDocument,
  iso,
  isoOrNull,
  JobId,
  Name,
  orNull,
  Payload,
  State,
  Time,
  TimeOrNull,
} from "./common.js";

const Counters = z.record(z.string(), z.number());

/** The progress of a job. */
export const ProgressDocument = z
  .object({
    percent: z.number(),
    done: z.number(),
    total: z.number().nullable(),
    step: z.string().nullable(),
    status: z.string().nullable(),
    message: z.string().nullable(),
    items: z.object({ done: z.number(), failed: z.number(), total: z.number() }).nullable(),
  })
  .openapi("Progress");

/** A job that another waits for, or waited for. */
export const DependencyDocument = z
  .object({ queue: Name, jobId: JobId, ifFailed: z.string(), state: z.string().nullable() })
  .openapi("Dependency", { description: "`state` is how it ended: null while it is waited for" });

const FlowPlace = z.object({ queue: Name, jobId: JobId, node: z.string(), parent: z.string().nullable() });

/** What every document of a job has. */
export const JobSummary = z
  .object({
    jobId: JobId,
    queue: Name,
    task: Name,
    state: State,
    role: z.enum(["job", "flow"]),
    progress: orNull(ProgressDocument),
    step: z.string().nullable(),
    priority: z.number(),
    attempt: z.number().int(),
    attempts: z.number().int(),
    crashes: z.number().int(),
    tags: z.array(z.string()),
    counters: Counters,
    milestones: z.array(z.string()),
    error: orNull(ErrorDocument),
    flow: FlowPlace.nullable(),
    createdAt: Time,
    runAt: Time,
    startedAt: TimeOrNull,
    finishedAt: TimeOrNull,
    worker: z.string().nullable().openapi({ description: "The worker that runs it, or ran it last" }),
    problem: z.string().nullable().openapi({ description: "What of it cannot be decoded" }),
    input: Payload.optional(),
    result: Payload.optional(),
    meta: Payload.optional(),
    links: z.object({
      self: z.string(),
      result: z.string(),
      steps: z.string(),
      logs: z.string(),
      attempts: z.string(),
      dependencies: z.string(),
      events: z.string(),
    }),
  })
  .openapi("JobSummary");

export type JobSummary = z.infer<typeof JobSummary>;

/** All of a job. */
export const JobDocument = JobSummary.extend({
  position: z.number().int().nullable().openapi({ description: "Its place in the queue, 1 = next" }),
  dependencies: z.array(DependencyDocument),
  timeout: z.number().openapi({ description: "Milliseconds an attempt may run" }),
  ttl: z.number().nullable(),
  unique: z.string().nullable().openapi({ description: "Its unique key" }),
  supersedes: z.string().nullable(),
  payloadsHidden: z
    .boolean()
    .openapi({ description: "Are input, result and meta null because the token may not read them?" }),
}).openapi("Job");

export type JobDocument = z.infer<typeof JobDocument>;

/** The long fields of a job that its document has. */
export const PAYLOAD_FIELDS = ["input", "result", "meta"] as const satisfies readonly LongField[];

/** A job of a list, with those payloads that were read. */
export function jobSummary(
  job: SlimSnapshot & Partial<Pick<JobSnapshot, (typeof PAYLOAD_FIELDS)[number]>>,
  view: View,
  api: string,
): JobSummary {
  const { flow } = job;
  const progress = job.progress === null ? null : progressDocument(job.progress, view);
  const payloads = PAYLOAD_FIELDS.filter((field) => field in job).map((field) => {
    return [field, view.payload(job.task, field, job[field])] as const;
  });
  return {
    jobId: job.id,
    queue: job.queue,
    task: job.task,
    state: job.state,
    role: job.role,
    progress,
    step: progress?.step ?? null,
    priority: job.priority,
    attempt: job.attempt,
    attempts: job.attempts,
    crashes: job.crashes,
    tags: [...job.tags],
    counters: { ...job.progress?.counters },
    milestones: [...(job.progress?.milestones ?? [])],
    error: errorDocument(job.error, view.text, view.payloads),
    flow: flow === null ? null : { queue: flow.queue, jobId: flow.id, node: flow.node, parent: flow.parent },
    createdAt: iso(job.createdAt),
    runAt: iso(job.runAt),
    startedAt: isoOrNull(job.startedAt),
    finishedAt: isoOrNull(job.finishedAt),
    worker: job.worker ?? job.lastWorker,
    problem: job.problem === null ? null : view.text(job.problem),
    ...Object.fromEntries(payloads),
    links: linksOf(job.queue, job.id, api),
  };
}

/** All of a job. */
export function jobDocument(
  job: JobSnapshot,
  place: { readonly position: number | null; readonly dependencies: readonly DependencyRecord[] },
  view: View,
  api: string,
): JobDocument {
  return {
    ...jobSummary(job, view, api),
    position: place.position,
    dependencies: place.dependencies.map(dependencyDocument),
    timeout: job.timeout,
    ttl: job.ttl,
    unique: job.unique?.key ?? null,
    supersedes: job.supersedes,
    payloadsHidden: !view.payloads,
  };
}

/** A dependency. */
export function dependencyDocument({
  queue,
  id,
  ifFailed,
  state,
}: DependencyRecord): z.infer<typeof DependencyDocument> {
  return { queue, jobId: id, ifFailed, state };
}

/** The progress of a job; what its handler wrote passes through the view. */
export function progressDocument(
  progress: NonNullable<SlimSnapshot["progress"]>,
  view: View,
): z.infer<typeof ProgressDocument> {
  const { percent, done, total, items } = progress;
  const text = (given: string | null): string | null => (given === null ? null : view.text(given));
  const said = { step: text(progress.step), status: text(progress.status), message: text(progress.message) };
  return { percent, done, total, ...said, items };
}

/** Where the parts of a job are. The queue is said, since another may have a job with the same id. */
export function linksOf(queue: string, id: string, api: string): JobSummary["links"] {
  const self = `${api}/jobs/${encodeURIComponent(id)}`;
  const query = `?queue=${encodeURIComponent(queue)}`;
  const part = (name: string): string => `${self}/${name}${query}`;
  return {
    self: self + query,
    result: part("result"),
    steps: part("steps"),
    logs: part("logs"),
    attempts: part("attempts"),
    dependencies: part("dependencies"),
    events: part("events"),
  };
}
