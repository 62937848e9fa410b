/** `/api/series` and `/api/totals`: how jobs ended over time and altogether. */
import { createRoute, z } from "@hono/zod-openapi";
import type { SeriesOptions, TotalsOptions } from "../../../client/series/query.js";
import type { ServerApp } from "../../http/env.js";
import { Problem } from "../../http/problem.js";
import { answer, facts, problems } from "../../http/route.js";
import type { ServerParts } from "../../http/parts.js";
import { Commas, GivenTime, listOf, pageQuery } from "../../schema/common.js";
import { Cursor, pageOf } from "../../schema/page.js";
import { PointDocument, pointDocument, TotalDocument, totalDocument } from "../../schema/series.js";

const RESOURCE = "Series";
/** The most points of an answer. */
const MOST_POINTS = 10_000;

const conditions = { queues: Commas.optional(), tasks: Commas.optional(), outcomes: Commas.optional() };

const series = createRoute({
  ...facts({
    ...{ action: "series.get", scope: "read", resource: RESOURCE },
    summary: "How jobs ended over time, and how full their queues were",
    description: "Minutes of the last 24 hours, hours of the last 30 days.",
  }),
  method: "get",
  path: "/api/series",
  request: {
    query: z.strictObject({
      ...conditions,
      from: GivenTime.optional().openapi({ description: "Default: an hour before `to`" }),
      to: GivenTime.optional().openapi({ description: "Default: now" }),
      step: z.string().max(20).optional().openapi({ description: "Minutes or hours; default: as fits", example: "5m" }),
      by: Commas.optional().openapi({ description: "queue, task, outcome", example: "queue,outcome" }),
    }),
  },
  responses: { 200: answer(z.object({ points: z.array(PointDocument) }), "By time"), ...problems() },
});

const totals = createRoute({
  ...facts({
    ...{ action: "totals.get", scope: "read", resource: RESOURCE },
    summary: "How jobs have ended altogether, by queue, task and outcome",
  }),
  method: "get",
  path: "/api/totals",
  request: { query: z.strictObject({ ...conditions, ...pageQuery }) },
  responses: {
    200: answer(z.object({ totals: z.array(TotalDocument), cursor: Cursor }), "A page of totals"),
    ...problems(),
  },
});

/** Adds the routes. */
export function addSeriesRoutes(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(series, async (c) => {
    const { from, to, step, by, ...which } = c.req.valid("query");
    // The client says which outcome or key there is none of, and which step.
    const options = {
      ...conditionsOf(which),
      ...(from === undefined ? {} : { from: new Date(from) }),
      ...(to === undefined ? {} : { to: new Date(to) }),
      ...(step === undefined ? {} : { step: /^\d+$/.test(step) ? Number(step) : step }),
      ...(by === undefined ? {} : { by: listOf(by) }),
    } as SeriesOptions;
    const points = await longshore.series(options);
    if (points.length > MOST_POINTS) {
      const rule = `a longer step, less time or fewer keys: these are ${points.length} points, at most ${MOST_POINTS} are answered`;
      throw new Problem(400, "INVALID_INPUT", `step: ${rule}`, { members: { field: "step", rule, in: "query" } });
    }
    return c.json({ points: points.map(pointDocument) }, 200);
  });

  app.openapi(totals, async (c) => {
    const { cursor, limit, ...which } = c.req.valid("query");
    const all = await longshore.totals(conditionsOf(which));
    const page = pageOf(all, ({ queue, task, outcome }) => `${queue} ${task} ${outcome}`, { cursor, limit });
    return c.json({ totals: page.items.map(totalDocument), cursor: page.cursor }, 200);
  });
}

type Conditions = { readonly [Name in keyof typeof conditions]?: string | string[] | undefined };

function conditionsOf({ queues, tasks, outcomes }: Conditions): TotalsOptions {
  return {
    ...(queues === undefined ? {} : { queues: listOf(queues) }),
    ...(tasks === undefined ? {} : { tasks: listOf(tasks) }),
    ...(outcomes === undefined ? {} : { outcomes: listOf(outcomes) }),
  } as TotalsOptions;
}
