/** `/api/queues`: how they are, and the commands on the whole of one. */
import { createRoute, z } from "@hono/zod-openapi";
import type { QueueFigures } from "../../client/queue-figures.js";
import { InvalidInput } from "../../model/errors/errors.js";
import type { ServerApp } from "../http/env.js";
import { Problem } from "../http/problem.js";
import { answer, facts, jsonBody, linkTo, problems } from "../http/route.js";
import type { ServerParts } from "../http/parts.js";
import { Flag, JobId, Name, pageQuery } from "../schema/common.js";
import { JobDocument } from "../schema/job.js";
import { Cursor, pageOf } from "../schema/page.js";
import { QueueDocument, queueDocument } from "../schema/queue.js";
import { findJob } from "./jobs/find-job.js";
import { documentOf } from "./jobs/jobs.js";

const RESOURCE = "Queues";
/** How many waiting jobs one request removes. */
const MOST_REMOVED = 10_000;

const params = z.object({ queue: Name.openapi({ param: { name: "queue", in: "path" } }) });
const Paused = z.object({ queue: Name, paused: z.boolean() }).openapi("QueuePaused");

const list = createRoute({
  ...facts({ action: "queues.list", scope: "read", resource: RESOURCE, summary: "The queues, by name" }),
  method: "get",
  path: "/api/queues",
  request: {
    query: z.strictObject({
      ...pageQuery,
      system: Flag.optional().openapi({
        type: "boolean",
        description: "With those of the platform, whose names begin with longshore:",
      }),
    }),
  },
  responses: {
    200: answer(z.object({ queues: z.array(QueueDocument), cursor: Cursor }), "A page of queues"),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({ action: "queues.get", scope: "read", resource: RESOURCE, summary: "A queue" }),
  method: "get",
  path: "/api/queues/{queue}",
  request: { params },
  responses: { 200: answer(QueueDocument, "The queue as it is now"), ...problems(404) },
});

const job = createRoute({
  ...facts({
    ...{ action: "jobs.inQueue", scope: "read", resource: "Jobs", tenants: true },
    summary: "A job by queue and id",
    description: "As `/api/jobs/{id}?queue=`, also for a job whose id is `count` or `facets`.",
  }),
  method: "get",
  path: "/api/queues/{queue}/jobs/{id}",
  request: { params: params.extend({ id: JobId.openapi({ param: { name: "id", in: "path" } }) }) },
  responses: { 200: answer(JobDocument, "The job as it is now"), ...problems(404) },
});

const pause = createRoute({
  ...facts({
    ...{ action: "queues.pause", scope: "operate", resource: RESOURCE },
    summary: "Stop starting its jobs; those that run go on",
    description: "A queue that does not exist yet comes into being, so that its first jobs wait.",
  }),
  method: "post",
  path: "/api/queues/{queue}/pause",
  request: { params },
  responses: { 200: answer(Paused, "It is paused"), ...problems() },
});

const resume = createRoute({
  ...facts({ action: "queues.resume", scope: "operate", resource: RESOURCE, summary: "End a pause" }),
  method: "post",
  path: "/api/queues/{queue}/resume",
  request: { params },
  responses: { 200: answer(Paused, "It is not paused"), ...problems() },
});

const drain = createRoute({
  ...facts({
    ...{ action: "queues.drain", scope: "operate", resource: RESOURCE },
    summary: "Remove the jobs that wait",
    description: "Up to 10,000 in one request: `more` says whether some are left.",
  }),
  method: "delete",
  path: "/api/queues/{queue}/jobs",
  request: {
    params,
    query: z.strictObject({
      delayed: Flag.optional().openapi({ type: "boolean", description: "Also those that wait for their time" }),
    }),
  },
  responses: {
    200: answer(
      z.object({
        queue: Name,
        removed: z.number().int(),
        skipped: z.number().int().openapi({ description: "Those that began to run meanwhile" }),
        more: z.boolean(),
      }),
      "How many were removed",
    ),
    ...problems(404),
  },
});

const obliterate = createRoute({
  ...facts({
    ...{ action: "queues.obliterate", scope: "admin", resource: RESOURCE },
    summary: "Remove the queue with all its jobs and records",
  }),
  method: "post",
  path: "/api/queues/{queue}/obliterate",
  request: {
    params,
    body: jsonBody(
      z.strictObject({
        confirm: z.string().openapi({ description: "The name of the queue, again" }),
        force: z.boolean().optional().openapi({ description: "Also while jobs run" }),
      }),
      { confirm: "scans" },
    ),
  },
  responses: { 204: { description: "Nothing of it is left" }, ...problems(404, 409) },
});

/** Adds the routes. */
export function addQueueRoutes(app: ServerApp, parts: ServerParts): void {
  const { longshore } = parts;

  app.openapi(list, async (c) => {
    const { system = false, ...place } = c.req.valid("query");
    const page = pageOf(await longshore.queues({ system }), ({ name }) => name, place);
    const queues = await longshore.queueFigures(page.items.map(({ name }) => name));
    return c.json({ queues: queues.map((queue) => queueDocument(queue, linkTo(c, ""))), cursor: page.cursor }, 200);
  });

  app.openapi(get, async (c) => {
    return c.json(queueDocument(await findQueue(parts, c.req.valid("param").queue), linkTo(c, "")), 200);
  });

  app.openapi(job, async (c) => {
    const { queue, id } = c.req.valid("param");
    return c.json(await documentOf(parts, await findJob(parts, c.var.access, { id }, { queue }), c), 200);
  });

  app.openapi(pause, async (c) => {
    const { queue } = c.req.valid("param");
    await longshore.queue(queue).pause();
    return c.json({ queue, paused: true }, 200);
  });

  app.openapi(resume, async (c) => {
    const { queue } = c.req.valid("param");
    await longshore.queue(queue).resume();
    return c.json({ queue, paused: false }, 200);
  });

  app.openapi(drain, async (c) => {
    const { queue } = c.req.valid("param");
    const { delayed = false } = c.req.valid("query");
    await findQueue(parts, queue);
    const options = { delayed, limit: MOST_REMOVED, signal: c.req.raw.signal };
    const { applied, skipped, cursor } = await longshore.queue(queue).drain(options);
    c.set("touched", { ids: [], count: applied });
    return c.json({ queue, removed: applied, skipped, more: cursor !== null }, 200);
  });

  app.openapi(obliterate, async (c) => {
    const { queue } = c.req.valid("param");
    const { confirm, force = false } = c.req.valid("json");
    if (confirm !== queue) throw new InvalidInput("confirm", confirm, "the name of the queue that is to be removed");
    await findQueue(parts, queue);
    await longshore.queue(queue).obliterate({ force });
    return c.body(null, 204);
  });
}

async function findQueue({ longshore }: ServerParts, name: string): Promise<QueueFigures> {
  const [queue] = await longshore.queueFigures([name]);
  if (queue === undefined) throw new Problem(404, "QUEUE_NOT_FOUND", `there is no queue ${name}`);
  return queue;
}
