/** `/api/jobs`: accepting jobs, listing them, and one of them. */
import { createRoute, z } from "@hono/zod-openapi";
import type { FlowJob } from "../../../client/jobs/flow-job.js";
import type { Job } from "../../../client/jobs/job.js";
import type { JobRequest } from "../../../client/enqueue/job-request.js";
import { isLongField, type LongField } from "../../../model/job/query/fields.js";
import type { JobSnapshot } from "../../../model/job/query/snapshot.js";
import type { Access } from "../../http/access.js";
import type { ServerApp, ServerContext } from "../../http/env.js";
import { InvalidInput } from "../../../model/errors/errors.js";
import { Problem, problemOf } from "../../http/problem.js";
import { answer, decideOn, facts, jsonBody, linkTo, problems } from "../../http/route.js";
import { viewOf } from "../../http/view.js";
import type { ServerParts } from "../../http/parts.js";
import { jobParams, pageQuery, refQuery } from "../../schema/common.js";
import {
  AcceptedJob,
  acceptedJob,
  AcceptedJobs,
  JobRequestSchema,
  JobRequestsSchema,
  optionsOf,
} from "../../schema/enqueue.js";
import { filterOfQuery, filterQuery } from "../../schema/filter.js";
import { JobDocument, jobDocument, JobSummary, jobSummary, PAYLOAD_FIELDS } from "../../schema/job.js";
import { findJob, narrowed, seenAmong, viewWithin } from "./find-job.js";
import { KeyedRequest } from "./idempotency-key.js";
import { checkOwnJobs, ownOptions, type WantedJob } from "./tenant-jobs.js";

const RESOURCE = "Jobs";

const enqueue = createRoute({
  ...facts({
    ...{ action: "jobs.enqueue", scope: "enqueue", resource: RESOURCE, tenants: true, decides: true },
    summary: "Accept a job, or up to 1,000",
    description:
      "With `Idempotency-Key` a repeated request gives the jobs that the first one made, for as long as they are kept; the key with any other request is refused. Several jobs are all checked before the first is stored.",
  }),
  method: "post",
  path: "/api/jobs",
  request: {
    headers: z.object({
      "idempotency-key": z
        .string()
        .min(1)
        .max(255)
        .optional()
        .openapi({ description: "Any text that names this request" }),
    }),
    body: jsonBody(z.union([JobRequestSchema, JobRequestsSchema]), {
      task: "scan",
      input: { url: "https://example.org/" },
      options: { tags: ["user:42"] },
    }),
  },
  responses: {
    202: answer(z.union([AcceptedJob, AcceptedJobs]), "Accepted: the job, or all of them"),
    ...problems(409, 413, 422),
  },
});

const list = createRoute({
  ...facts({ action: "jobs.list", scope: "read", resource: RESOURCE, summary: "Find jobs", tenants: true }),
  method: "get",
  path: "/api/jobs",
  request: {
    query: z.strictObject({
      ...filterQuery,
      ...pageQuery,
      fields: z
        .string()
        .max(200)
        .optional()
        .openapi({ description: `Payloads to read, too: ${PAYLOAD_FIELDS.join(", ")}`, example: "input,result" }),
      order: z.enum(["newest", "oldest"]).optional(),
    }),
  },
  responses: {
    200: answer(
      z.object({
        jobs: z.array(JobSummary),
        cursor: z
          .string()
          .nullable()
          .openapi({ description: "For the next page; null at the end. A page may be short before it" }),
      }),
      "A page of jobs",
    ),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({ action: "jobs.get", scope: "read", resource: RESOURCE, summary: "A job", tenants: true }),
  method: "get",
  path: "/api/jobs/{id}",
  request: { params: jobParams, query: refQuery },
  responses: { 200: answer(JobDocument, "The job as it is now"), ...problems(404, 409) },
});

/** Adds the routes. */
export function addJobRoutes(app: ServerApp, parts: ServerParts): void {
  const { longshore } = parts;
  app.openapi(enqueue, async (c) => {
    const body = c.req.valid("json");
    const key = c.req.valid("header")["idempotency-key"];
    const given = "jobs" in body ? body.jobs : [body];
    const accesses = await decideEach(c, parts, given);
    const { access } = c.var;
    const wanted = given.map(({ options }, index): WantedJob => {
      const field = "jobs" in body ? `jobs[${index}].options` : "options";
      const [queue, own] = accesses[index] ?? ["", access];
      return { queue, access: own, options: ownOptions(own, optionsOf(options), field), field };
    });
    await checkOwnJobs(longshore, wanted);
    const requests = given.map(({ task, input }, index): JobRequest => {
      return { task: parts.tasks.get(task) ?? task, input: input ?? null, options: wanted[index]?.options };
    });
    c.var.admit?.(requests.length);
    parts.payloads.look(Buffer.byteLength(await c.req.text()), given);
    const keyed = key === undefined ? null : new KeyedRequest({ subject: access.subject, key, body }, requests);
    const enqueued = keyed === null ? longshore.enqueueAll(requests) : keyed.enqueue(longshore);
    const jobs = await enqueued.catch((error: unknown) => {
      throw "jobs" in body ? error : ofOnlyJob(error);
    });
    // Another tenant's job may have got the id since it was looked for.
    const found = wanted.filter((_, index) => jobs[index]?.outcome === "existing");
    await checkOwnJobs(
      longshore,
      found.map(({ options: { id }, ...one }) => ({ ...one, options: { id } })),
    );
    c.set("touched", { ids: jobs.slice(0, 20).map(({ id }) => id), count: jobs.length });
    const accepted = jobs.map((job) => acceptedJob(job, linkTo(c, "")));
    if ("jobs" in body) return c.json({ jobs: accepted }, 202);
    const [only] = accepted;
    if (only === undefined) throw new Error("the client answered no job");
    if (only.outcome === "rejected") {
      throw new Problem(409, "UNIQUE_CONFLICT", `unique.key belongs to job ${only.jobId}`, {
        members: { field: "options.unique.key", owner: only.jobId, queue: only.queue },
      });
    }
    return c.json(only, 202, { location: only.links.self });
  });

  app.openapi(list, async (c) => {
    const query = c.req.valid("query");
    const { cursor, limit, fields, order } = query;
    const { access } = c.var;
    const options = { fields: payloadFields(fields), ...(order === undefined ? {} : { order }) };
    const jobs = longshore.jobs(narrowed(access, filterOfQuery(query)), options);
    const page = await jobs.page({ limit, ...(cursor === undefined ? {} : { cursor }) });
    const view = viewOf(access);
    const documents = page.jobs.map((job) => jobSummary(job, view, linkTo(c, "")));
    return c.json({ jobs: documents, cursor: page.cursor }, 200);
  });
}

/** Adds the route of one job, in our own words. */
export function addJobRoute(app: ServerApp, parts: ServerParts): void {
  app.openapi(get, async (c) => {
    const job = await findJob(parts, c.var.access, c.req.valid("param"), c.req.valid("query"));
    return c.json(await documentOf(parts, job, c), 200);
  });
}

/** The document of a job as it is now. */
export async function documentOf({ longshore }: ServerParts, job: Job, c: ServerContext): Promise<JobDocument> {
  const { access } = c.var;
  const [snapshot, all] = await Promise.all([readJob(job, access), job.dependencies()]);
  const position = snapshot.state === "queued" ? await job.position() : null;
  const dependencies = await seenAmong(longshore, access, all);
  return jobDocument(snapshot, { position, dependencies }, viewOf(access), linkTo(c, ""));
}

/** Asks who may create jobs of each task and queue among them. Answers the queue of each job, and what counts for it. @throws Problem */
async function decideEach(
  c: ServerContext,
  { tasks }: ServerParts,
  given: readonly z.infer<typeof JobRequestSchema>[],
): Promise<(readonly [queue: string, access: Access])[]> {
  const known = new Map<string, Access>();
  const decided: [string, Access][] = [];
  for (const { task, options } of given) {
    const queue = options?.queue ?? tasks.get(task)?.queue ?? "default";
    const resource = JSON.stringify([task, queue]);
    const access = known.get(resource) ?? (await decideOn(c, { kind: "jobs", task, queue }));
    known.set(resource, access);
    decided.push([queue, access]);
  }
  return decided;
}

/** The job as it is now, a flow with the progress of those members that the access may see. */
async function readJob(job: Job, access: Access): Promise<JobSnapshot> {
  const snapshot = await job.refresh();
  if (snapshot.role !== "flow") return snapshot;
  return { ...snapshot, progress: await (job as FlowJob).progress(viewWithin(access)) };
}

/** An error of the only job of a request: its field stands at the root of the body. */
function ofOnlyJob(error: unknown): unknown {
  if (!(error instanceof InvalidInput)) return error;
  const { status, code, message, members } = problemOf(error);
  return new Problem(status, code, atRoot(message), { members: { ...members, field: atRoot(error.field) } });
}

function atRoot(text: string): string {
  return text.replace(/^jobs\[0\]\./, "");
}

/** @throws Problem 400 for a field that lists do not have */
function payloadFields(fields: string | undefined): LongField[] {
  if (fields === undefined) return [];
  return fields.split(",").map((field) => {
    const known: readonly string[] = PAYLOAD_FIELDS;
    if (isLongField(field) && known.includes(field)) return field;
    const rule = `some of ${PAYLOAD_FIELDS.join(", ")}`;
    throw new Problem(400, "INVALID_INPUT", `fields: ${rule}`, {
      members: { field: "fields", rule, valueType: "string" },
    });
  });
}
