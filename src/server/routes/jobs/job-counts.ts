/** `/api/jobs/count` and `/api/jobs/facets`: how many jobs match, and what they have in common. They stand before `/api/jobs/{id}`. */
import { createRoute, z } from "@hono/zod-openapi";
import type { JobFacets } from "../../../client/jobs/job-counts.js";
import type { ServerApp } from "../../http/env.js";
import { answer, facts, problems } from "../../http/route.js";
import { viewOf, type View } from "../../http/view.js";
import type { ServerParts } from "../../http/parts.js";
import { filterOfQuery, filterQuery } from "../../schema/filter.js";
import { narrowed } from "./find-job.js";

const RESOURCE = "Jobs";

const counted = {
  count: z.number().int(),
  atLeast: z.boolean().openapi({ description: "Are there perhaps more? Only where there are 10,000 at least" }),
};

const count = createRoute({
  ...facts({
    ...{ action: "jobs.count", scope: "read", resource: RESOURCE, tenants: true },
    summary: "How many jobs match",
    description: "With the conditions of the list. A job whose id is `count`: `/api/queues/{queue}/jobs/count`.",
  }),
  method: "get",
  path: "/api/jobs/count",
  request: { query: z.strictObject(filterQuery) },
  responses: { 200: answer(z.object(counted).openapi("JobCount"), "How many"), ...problems() },
});

const Facets = z.array(z.object({ value: z.string(), count: z.number().int() }));

const facets = createRoute({
  ...facts({
    ...{ action: "jobs.facets", scope: "read", resource: RESOURCE, tenants: true },
    summary: "What the jobs that match have in common, of the first 10,000",
    description:
      "With the conditions of the list; the most frequent values come first. A job whose id is `facets`: `/api/queues/{queue}/jobs/facets`.",
  }),
  method: "get",
  path: "/api/jobs/facets",
  request: { query: z.strictObject(filterQuery) },
  responses: {
    200: answer(
      z
        .object({
          ...counted,
          states: Facets,
          tasks: Facets,
          queues: Facets,
          tagKeys: Facets,
          errors: z.array(
            z.object({ value: z.string(), count: z.number().int(), name: z.string(), message: z.string() }),
          ),
        })
        .openapi("JobFacets"),
      "Values and how many jobs have them",
    ),
    ...problems(),
  },
});

/** Adds the routes. */
export function addJobCountRoutes(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(count, async (c) => {
    const jobs = longshore.jobs(narrowed(c.var.access, filterOfQuery(c.req.valid("query"))));
    return c.json(await jobs.count({ signal: c.req.raw.signal }), 200);
  });

  app.openapi(facets, async (c) => {
    const jobs = longshore.jobs(narrowed(c.var.access, filterOfQuery(c.req.valid("query"))));
    return c.json(facetsDocument(await jobs.facets({ signal: c.req.raw.signal }), viewOf(c.var.access)), 200);
  });
}

type Plain<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer One)[] ? One[] : T[Key] };

function facetsDocument({ states, tasks, queues, tagKeys, errors, ...found }: JobFacets, view: View): Plain<JobFacets> {
  return {
    ...found,
    ...{ states: [...states], tasks: [...tasks], queues: [...queues], tagKeys: [...tagKeys] },
    errors: errors.map((error) => view.said({ ...error })),
  };
}
