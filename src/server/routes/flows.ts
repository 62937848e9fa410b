/** `/api/flows`: the list of flows, and one with its jobs. A flow is a job, too: it is cancelled, retried and removed as one. */
import { createRoute, z } from "@hono/zod-openapi";
import { FlowJob } from "../../client/jobs/flow-job.js";
import type { ServerApp, ServerContext } from "../http/env.js";
import { Problem } from "../http/problem.js";
import { answer, facts, linkTo, problems } from "../http/route.js";
import { viewOf } from "../http/view.js";
import type { ServerParts } from "../http/parts.js";
import { jobParams, pageQuery, refQuery } from "../schema/common.js";
import { filterOfQuery, filterQuery } from "../schema/filter.js";
import { FlowDocument, GraphDocument, graphDocument, treeDocument } from "../schema/flow.js";
import { JobSummary, jobDocument, jobSummary } from "../schema/job.js";
import { Cursor } from "../schema/page.js";
import { findJob, narrowed, viewWithin } from "./jobs/find-job.js";

const RESOURCE = "Flows";

const { role: _role, "not.role": _notRole, ...conditions } = filterQuery;

const list = createRoute({
  ...facts({
    ...{ action: "flows.list", scope: "read", resource: RESOURCE, summary: "Find flows", tenants: true },
    description: "With the conditions of the list of jobs; `task` is the name of a flow.",
  }),
  method: "get",
  path: "/api/flows",
  request: { query: z.strictObject({ ...conditions, ...pageQuery, order: z.enum(["newest", "oldest"]).optional() }) },
  responses: {
    200: answer(
      z.object({ flows: z.array(JobSummary), cursor: Cursor }),
      "A page of flows; one may be short, even empty, before the end",
    ),
    ...problems(),
  },
});

const get = createRoute({
  ...facts({
    ...{ action: "flows.get", scope: "read", resource: RESOURCE, tenants: true },
    summary: "A flow with its jobs as a tree",
  }),
  method: "get",
  path: "/api/flows/{id}",
  request: { params: jobParams, query: refQuery },
  responses: { 200: answer(FlowDocument, "The flow as it is now"), ...problems(404, 409) },
});

const graph = createRoute({
  ...facts({
    ...{ action: "flows.graph", scope: "read", resource: RESOURCE, tenants: true },
    summary: "The jobs of a flow and what each of them waits for",
  }),
  method: "get",
  path: "/api/flows/{id}/graph",
  request: { params: jobParams, query: refQuery },
  responses: { 200: answer(GraphDocument, "The graph as it is now"), ...problems(404, 409) },
});

/** Adds the routes. */
export function addFlowRoutes(app: ServerApp, parts: ServerParts): void {
  app.openapi(list, async (c) => {
    const { cursor, limit, order, ...conditions } = c.req.valid("query");
    const query = { ...narrowed(c.var.access, filterOfQuery(conditions)), role: "flow" } as const;
    const flows = parts.longshore.jobs(query, order === undefined ? {} : { order });
    const page = await flows.page({ limit, ...(cursor === undefined ? {} : { cursor }) });
    const view = viewOf(c.var.access);
    return c.json({ flows: page.jobs.map((job) => jobSummary(job, view, linkTo(c, ""))), cursor: page.cursor }, 200);
  });

  app.openapi(get, async (c) => {
    const flow = await findFlow(parts, c, c.req.valid("param"), c.req.valid("query"));
    const [snapshot, found] = await Promise.all([flow.refresh(), flow.graph(viewWithin(c.var.access))]);
    const view = viewOf(c.var.access);
    // What it waits for are its jobs, which the tree has.
    const place = { position: null, dependencies: [] };
    const document = jobDocument({ ...snapshot, progress: found.progress }, place, view, linkTo(c, ""));
    return c.json({ ...document, ...treeDocument(found, view) }, 200);
  });

  app.openapi(graph, async (c) => {
    const flow = await findFlow(parts, c, c.req.valid("param"), c.req.valid("query"));
    return c.json(graphDocument(await flow.graph(viewWithin(c.var.access)), viewOf(c.var.access)), 200);
  });
}

async function findFlow(
  parts: ServerParts,
  c: ServerContext,
  params: { readonly id: string },
  query: { readonly queue?: string | undefined },
): Promise<FlowJob> {
  const job = await findJob(parts, c.var.access, params, query);
  if (job instanceof FlowJob) return job;
  throw new Problem(404, "FLOW_NOT_FOUND", `job ${job.id} is no flow`, { members: { field: "id" } });
}
