/** What `POST /jobs` takes and answers. The schemas say the shape; the deeper rules are the client's, which says what it refuses. */
import { z } from "@hono/zod-openapi";
import type { EnqueueOptions } from "../../client/enqueue/job-spec.js";
import type { Job } from "../../client/jobs/job.js";
import type { JobRef } from "../../model/job/job.js";
import type { AfterJob } from "../../model/options/after.js";
import { GivenDuration, GivenTime, JobId, Name, Payload, State, TaskName, Text } from "./common.js";
import { linksOf } from "./job.js";

const Policy = z.enum(["fail", "cancel", "continue"]);
const Ref = z.strictObject({ queue: Name, jobId: JobId });
const After = z.union([Ref, z.strictObject({ job: Ref, ifFailed: Policy.optional() })]);
type GivenAfter = z.infer<typeof After>;

/** The options of a job that is enqueued. */
export const OptionsSchema = z
  .strictObject({
    queue: Name.optional().openapi({ description: "Another queue than the task's" }),
    id: JobId.optional().openapi({ description: "An id of your own: one job at most in a queue has it" }),
    priority: z.number().optional().openapi({ description: "Lower first" }),
    attempts: z.number().optional().openapi({ description: "How often it may run" }),
    retries: z.number().optional().openapi({ description: "The same less one" }),
    backoff: z
      .union([
        GivenDuration,
        z.array(GivenDuration).max(100),
        z.strictObject({
          type: z.enum(["constant", "exponential"]),
          delay: GivenDuration,
          max: GivenDuration.optional(),
          factor: z.number().optional(),
          jitter: z.number().optional(),
        }),
      ])
      .optional()
      .openapi({ description: "The wait between attempts" }),
    timeout: GivenDuration.optional(),
    ttl: GivenDuration.optional().openapi({ description: "Within which it must have started" }),
    tags: z.array(Text).max(16).optional(),
    keep: z.strictObject({ completed: z.unknown().optional(), failed: z.unknown().optional() }).optional(),
    delay: GivenDuration.optional(),
    runAt: GivenTime.optional(),
    meta: z.record(z.string(), z.unknown()).optional(),
    hold: z.boolean().optional().openapi({ description: "Created, and not run until it is released" }),
    unique: z
      .strictObject({
        key: Text,
        until: z.union([z.enum(["started", "finished"]), GivenDuration]).optional(),
        onConflict: z.enum(["join", "reject", "replace"]).optional(),
        throttle: GivenDuration.optional(),
        debounce: GivenDuration.optional(),
        maxWait: GivenDuration.optional(),
      })
      .optional(),
    supersedes: Text.optional(),
    after: z.array(After).max(1_000).optional().openapi({ description: "Jobs that must have ended before it runs" }),
    ifFailed: Policy.optional().openapi({ description: "What becomes of it when one of them does not complete" }),
  })
  .openapi("EnqueueOptions");

/** A job to enqueue. */
export const JobRequestSchema = z
  .strictObject({ task: TaskName, input: Payload.optional(), options: OptionsSchema.optional() })
  .openapi("JobRequest");

/** Several jobs to enqueue together. */
export const JobRequestsSchema = z
  .strictObject({ jobs: z.array(JobRequestSchema).min(1, "1 to 1000 jobs").max(1_000, "1 to 1000 jobs") })
  .openapi("JobRequests");

/** The options as the client takes them. */
export function optionsOf(given: z.infer<typeof OptionsSchema> | undefined): EnqueueOptions {
  const { runAt, after, ...options } = given ?? {};
  // What JSON cannot say (a template type of a duration) the client checks.
  return {
    ...options,
    ...(runAt === undefined ? {} : { runAt: new Date(runAt) }),
    ...(after === undefined ? {} : { after: after.map(afterOf) }),
  } as EnqueueOptions;
}

function afterOf(one: GivenAfter): AfterJob {
  if (!("job" in one)) return refOf(one);
  const { job, ifFailed } = one;
  return { job: refOf(job), ...(ifFailed === undefined ? {} : { ifFailed }) };
}

function refOf({ queue, jobId }: z.infer<typeof Ref>): JobRef {
  return { queue, id: jobId };
}

/** A job that was accepted. */
export const AcceptedJob = z
  .object({
    jobId: JobId,
    queue: Name,
    status: State.openapi({ description: "Its state when it was accepted" }),
    outcome: z
      .enum(["created", "existing", "joined", "replaced", "rejected"])
      .openapi({ description: "`created`, or which other job this is instead" }),
    links: z.object({ self: z.string(), result: z.string(), events: z.string() }),
  })
  .openapi("AcceptedJob");

/** Several jobs that were accepted, in the order of the request. */
export const AcceptedJobs = z.object({ jobs: z.array(AcceptedJob) }).openapi("AcceptedJobs");

/** The document of a job that was accepted. */
export function acceptedJob(job: Job, api: string): z.infer<typeof AcceptedJob> {
  const { self, result, events } = linksOf(job.queue, job.id, api);
  return {
    jobId: job.id,
    queue: job.queue,
    status: job.enqueuedState ?? "queued",
    outcome: job.outcome ?? "existing",
    links: { self, result, events },
  };
}
