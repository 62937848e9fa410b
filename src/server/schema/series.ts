/** Series and totals: how jobs ended over time and altogether, and how full their queues were. */
import { z } from "@hono/zod-openapi";
import type { DurationFigures, EndFigures, SeriesPoint, SeriesTotal } from "../../client/series/points.js";
import { SERIES_OUTCOMES } from "../../model/series/figures.js";
import { iso, Time } from "./common.js";

const Milliseconds = z.number().nullable();

const DurationsDocument = z
  .object({
    count: z.number().int(),
    sum: z.number(),
    mean: Milliseconds,
    p50: Milliseconds,
    p95: Milliseconds,
    p99: Milliseconds,
    buckets: z.array(z.object({ upTo: Milliseconds, count: z.number().int() })),
  })
  .openapi("Durations", { description: "Milliseconds. Percentiles are estimated from the buckets" });

const Outcome = z.enum(SERIES_OUTCOMES);
const ends = { count: z.number().int(), wait: DurationsDocument, run: DurationsDocument };

/** How jobs ended in one step. */
export const PointDocument = z
  .object({
    at: Time.openapi({ description: "When the step begins" }),
    queue: z.string().nullable(),
    task: z.string().nullable(),
    outcome: Outcome.nullable(),
    ...ends,
    depth: z.number().nullable().openapi({ description: "How many jobs were queued, on the average" }),
    oldest: z.number().nullable().openapi({ description: "For how long one had been ready at most, in milliseconds" }),
    active: z.number().nullable().openapi({ description: "How many were leased, on the average" }),
    busy: z.number().nullable().openapi({ description: "How many slots of workers were busy, on the average" }),
  })
  .openapi("SeriesPoint");

/** How jobs of a task have ended in one way. */
export const TotalDocument = z
  .object({ queue: z.string(), task: z.string(), outcome: Outcome, ...ends })
  .openapi("SeriesTotal");

/** A point. */
export function pointDocument({ at, queue, task, outcome, ...point }: SeriesPoint): z.infer<typeof PointDocument> {
  const { depth, oldest, active, busy } = point;
  return { at: iso(at), queue, task, outcome, ...endsDocument(point), depth, oldest, active, busy };
}

/** A total. */
export function totalDocument({ queue, task, outcome, ...total }: SeriesTotal): z.infer<typeof TotalDocument> {
  return { queue, task, outcome, ...endsDocument(total) };
}

type Durations = z.infer<typeof DurationsDocument>;

function endsDocument({ count, wait, run }: EndFigures): { count: number; wait: Durations; run: Durations } {
  return { count, wait: durationsDocument(wait), run: durationsDocument(run) };
}

function durationsDocument(figures: DurationFigures): Durations {
  return { ...figures, buckets: figures.buckets.map((bucket) => ({ ...bucket })) };
}
