/** `/api/bulk`: something done to all jobs that match a filter, however many there are, as a job of its own. */
import { createRoute, z } from "@hono/zod-openapi";
import { parseBulkRequest, type BulkInput } from "../../client/bulk/bulk-request.js";
import type { BulkResult } from "../../client/bulk/bulk-result.js";
import type { Job } from "../../client/jobs/job.js";
import { BULK_QUEUE, BULK_TASK } from "../../model/bulk/bulk.js";
import { JobNotFound } from "../../model/errors/errors.js";
import type { Access } from "../http/access.js";
import { actorOf } from "../http/actor.js";
import type { ServerApp } from "../http/env.js";
import { answer, decideOn, facts, jsonBody, linkTo, problems } from "../http/route.js";
import { viewOf } from "../http/view.js";
import type { ServerParts } from "../http/parts.js";
import {
  AcceptedBulk,
  acceptedBulk,
  BulkDocument,
  bulkDocument,
  BulkPreviewDocument,
  BulkRequestSchema,
  type BulkSnapshot,
} from "../schema/bulk.js";
import { JobId, jobParams, pageQuery, State } from "../schema/common.js";
import { filterOf } from "../schema/filter.js";
import { Cursor } from "../schema/page.js";
import { narrowed } from "./jobs/find-job.js";

const RESOURCE = "Bulk jobs";

const start = createRoute({
  ...facts({
    ...{ action: "bulk.start", scope: "operate", resource: RESOURCE, tenants: true, decides: true },
    summary: "Cancel, retry, promote, release or remove all jobs that match",
    description:
      "A filter without conditions is refused unless `all` is true. With `preview` the jobs are counted only.",
  }),
  method: "post",
  path: "/api/bulk",
  request: {
    body: jsonBody(BulkRequestSchema, { action: "retry", filter: { task: "scan", states: "failed" }, preview: true }),
  },
  responses: {
    200: answer(BulkPreviewDocument, "With `preview`: how many jobs match now"),
    202: answer(AcceptedBulk, "A bulk job does it"),
    ...problems(),
  },
});

const list = createRoute({
  ...facts({
    ...{ action: "bulk.list", scope: "read", resource: RESOURCE, tenants: true },
    summary: "Bulk jobs of the last seven days",
    description: "Those under way first. A token for a tag sees those that it started.",
  }),
  method: "get",
  path: "/api/bulk",
  request: { query: z.strictObject(pageQuery) },
  responses: {
    200: answer(z.object({ bulk: z.array(BulkDocument), cursor: Cursor }), "A page of bulk jobs"),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({
    ...{ action: "bulk.get", scope: "read", resource: RESOURCE, tenants: true },
    summary: "How far a bulk job is, and what came of it",
  }),
  method: "get",
  path: "/api/bulk/{id}",
  request: { params: jobParams },
  responses: { 200: answer(BulkDocument, "The bulk job as it is now"), ...problems(404) },
});

const cancel = createRoute({
  ...facts({
    ...{ action: "bulk.cancel", scope: "operate", resource: RESOURCE, tenants: true },
    summary: "End it; what it has done stays done",
  }),
  method: "post",
  path: "/api/bulk/{id}/cancel",
  request: { params: jobParams },
  responses: { 200: answer(z.object({ jobId: JobId, state: State }), "Its state now"), ...problems(404, 409) },
});

/** Adds the routes. */
export function addBulkRoutes(app: ServerApp, parts: ServerParts): void {
  const { longshore } = parts;

  app.openapi(start, async (c) => {
    const { action, preview = false, filter, all = false, fromStart = false } = c.req.valid("json");
    if (preview) {
      c.set("action", "bulk.preview");
      c.set("isLook", true);
    }
    const { queue } = filter;
    c.set("resource", { kind: "bulk", command: action, filter, ...(queue === undefined ? {} : { queue }) });
    const access = await decideOn(c, c.var.resource);
    const request = { action, filter: filterOf(filter), all, fromStart, ...actorOf(access) };
    // Before it is narrowed, which would make a condition of none.
    parseBulkRequest(request);
    const narrow = { ...request, filter: narrowed(access, request.filter) };
    if (preview) return c.json({ action, ...(await longshore.bulkPreview(narrow)) }, 200);
    const job = acceptedBulk(await longshore.bulk(narrow), linkTo(c, ""));
    c.set("touched", { ids: [job.jobId], count: 1 });
    return c.json(job, 202, { location: job.links.self });
  });

  app.openapi(list, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const { access } = c.var;
    const { by } = actorOf(access);
    const own = access.tag === null || by === undefined ? {} : { tag: `by:${by}` };
    const jobs = longshore.jobs({ queue: BULK_QUEUE, task: BULK_TASK, ...own }, { fields: ["input", "result"] });
    const page = await jobs.page({ limit, ...(cursor === undefined ? {} : { cursor }) });
    const view = viewOf(access);
    const seen = (page.jobs as readonly BulkSnapshot[]).filter((job) => isSeen(access, job));
    return c.json({ bulk: seen.map((job) => bulkDocument(job, view, linkTo(c, ""))), cursor: page.cursor }, 200);
  });

  app.openapi(get, async (c) => {
    const [, snapshot] = await findBulk(parts, c.var.access, c.req.valid("param").id);
    return c.json(bulkDocument(snapshot, viewOf(c.var.access), linkTo(c, "")), 200);
  });

  app.openapi(cancel, async (c) => {
    const [job] = await findBulk(parts, c.var.access, c.req.valid("param").id);
    return c.json({ jobId: job.id, state: await job.cancel() }, 200);
  });
}

type BulkJob = Job<BulkResult | null, BulkInput>;

async function findBulk({ longshore }: ServerParts, access: Access, id: string): Promise<[BulkJob, BulkSnapshot]> {
  const job = longshore.queue(BULK_QUEUE).job<BulkResult | null, BulkInput>(id);
  const snapshot = await job.refresh();
  if (!isSeen(access, snapshot)) throw new JobNotFound(id);
  return [job, snapshot];
}

/** A token for a tag sees the bulk jobs that were narrowed to it. What cannot be decoded is seen by none here. */
function isSeen({ tag }: Access, { input }: Pick<BulkSnapshot, "input">): boolean {
  if (typeof input !== "object" || input === null || !("filter" in input)) return false;
  return tag === null || (input.filter.tags?.includes(tag) ?? false);
}
