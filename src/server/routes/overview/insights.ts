/** `/api/insights` and `/api/capacity`: what needs attention, and how many workers queues need. */
import { createRoute, z } from "@hono/zod-openapi";
import type { CapacityReport } from "../../../client/insights/capacity.js";
import { INSIGHT_CODES, SEVERITIES, type Insight } from "../../../model/insight/insight.js";
import type { ServerApp } from "../../http/env.js";
import { answer, facts, problems } from "../../http/route.js";
import { viewOf, type View } from "../../http/view.js";
import type { ServerParts } from "../../http/parts.js";
import { Commas, iso, isoOrNull, JobId, listOf, Time, TimeOrNull } from "../../schema/common.js";

const RESOURCE = "Overview";
const Names = z.array(z.string()).optional();

const InsightDocument = z
  .object({
    code: z.enum(INSIGHT_CODES),
    severity: z.enum(SEVERITIES).openapi({ description: "error: jobs do not run, or may be lost" }),
    text: z.string().openapi({ description: "What is so, in one sentence" }),
    advice: z.string().openapi({ description: "What to do about it" }),
    since: TimeOrNull,
    subjects: z
      .object({
        queues: Names,
        tasks: Names,
        workers: Names,
        schedules: Names,
        nodes: Names,
        failures: Names,
        jobs: z.array(z.object({ queue: z.string(), jobId: JobId })).optional(),
      })
      .openapi({ description: "What it is about: the first 20 of each kind" }),
  })
  .openapi("Insight");

const insights = createRoute({
  ...facts({
    ...{ action: "insights.list", scope: "read", resource: RESOURCE },
    summary: "What needs attention, the worst first",
    description: "Empty when all is well. The 200 queues with the most jobs waiting are looked at closely.",
  }),
  method: "get",
  path: "/api/insights",
  responses: { 200: answer(z.object({ insights: z.array(InsightDocument) }), "What is so now"), ...problems() },
});

const Figure = z.number().nullable();
const Wait = z.object({ mean: Figure, p95: Figure }).nullable();

const CapacityDocument = z
  .object({
    queue: z.string(),
    workers: z.number().int(),
    slots: z.number().int(),
    sharedWith: z.array(z.string()).openapi({ description: "Other queues that the same slots serve" }),
    runs: z.number().int().openapi({ description: "How many runs were measured" }),
    since: TimeOrNull,
    arrivals: z.object({ mean: z.number(), peak: z.number() }).nullable().openapi({ description: "Runs a minute" }),
    runTime: Figure.openapi({ description: "Milliseconds" }),
    spread: Figure,
    load: Figure.openapi({ description: "How many slots are busy, on the average" }),
    utilisation: Figure.openapi({ description: "1 or more: there are too few slots" }),
    wait: Wait.openapi({ description: "Milliseconds with the present slots; null without end" }),
    peakWait: Wait,
    slotsNeeded: z.number().int().nullable(),
    workersNeeded: z.number().int().nullable(),
    text: z.string().openapi({ description: "The same in a sentence" }),
  })
  .openapi("QueueCapacity", { description: "Figures are null when too little was measured" });

const capacity = createRoute({
  ...facts({
    ...{ action: "capacity.get", scope: "read", resource: RESOURCE },
    summary: "How many slots and workers queues need for their jobs to wait no longer than they may",
  }),
  method: "get",
  path: "/api/capacity",
  request: {
    query: z.strictObject({
      queues: Commas.optional().openapi({ description: "Default: the 200 with the most jobs" }),
      targetWait: z.string().max(20).optional().openapi({ description: "Default: 30s", example: "10s" }),
      window: z
        .string()
        .max(20)
        .optional()
        .openapi({ description: "How far back is looked, 15m to 24h; default: 1h", example: "2h" }),
    }),
  },
  responses: {
    200: answer(
      z.object({
        at: Time,
        window: z.number().openapi({ description: "Milliseconds" }),
        targetWait: z.number().openapi({ description: "Milliseconds" }),
        queues: z.array(CapacityDocument),
      }),
      "By name",
    ),
    ...problems(404),
  },
});

/** Adds the routes. */
export function addInsightRoutes(app: ServerApp, { longshore }: ServerParts): void {
  app.openapi(insights, async (c) => {
    const view = viewOf(c.var.access);
    return c.json({ insights: (await longshore.insights()).map((insight) => insightDocument(insight, view)) }, 200);
  });

  app.openapi(capacity, async (c) => {
    const { queues, targetWait, window } = c.req.valid("query");
    // The client says which is no time span.
    const report = await longshore.capacity({
      ...(queues === undefined ? {} : { queues: listOf(queues) }),
      ...(targetWait === undefined ? {} : { targetWait: spanOf(targetWait) as "10s" }),
      ...(window === undefined ? {} : { window: spanOf(window) as "1h" }),
    });
    return c.json(capacityDocument(report), 200);
  });
}

function spanOf(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function insightDocument(
  { code, severity, text, advice, since, subjects }: Insight,
  view: View,
): z.infer<typeof InsightDocument> {
  const { jobs, ...names } = subjects;
  const copied = Object.entries(names).map(([kind, all]) => [kind, [...all]] as const);
  return {
    // A shared cause has the message of an error in its sentence.
    ...{ code, severity, text: view.text(text), advice, since: isoOrNull(since) },
    subjects: {
      ...Object.fromEntries(copied),
      ...(jobs === undefined ? {} : { jobs: jobs.map(({ queue, id }) => ({ queue, jobId: id })) }),
    },
  };
}

type Report = { at: string; window: number; targetWait: number; queues: z.infer<typeof CapacityDocument>[] };

function capacityDocument({ at, window, targetWait, queues }: CapacityReport): Report {
  return {
    ...{ at: iso(at), window, targetWait },
    queues: queues.map(({ since, sharedWith, ...advice }) => {
      return { ...advice, sharedWith: [...sharedWith], since: isoOrNull(since) };
    }),
  };
}
