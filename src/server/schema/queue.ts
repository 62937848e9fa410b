/** The document of a queue. */
import { z } from "@hono/zod-openapi";
import type { QueueFigures } from "../../client/queue-figures.js";
import { iso, isoOrNull, JobId, Name, StateCounts, Time, TimeOrNull } from "./common.js";

const Rate = z.number().openapi({ description: "A minute, on the average of the last five" });

/** A queue. */
export const QueueDocument = z
  .object({
    queue: Name,
    paused: z.boolean(),
    pausedAt: TimeOrNull.openapi({ description: "Since when; null while it is not, or when that is not known" }),
    counts: StateCounts,
    oldestWaiting: z
      .object({ jobId: JobId, readyAt: Time, age: z.number().openapi({ description: "Milliseconds" }) })
      .nullable()
      .openapi({ description: "The job at the head of the line, and for how long it has been ready" }),
    rates: z.object({ ended: Rate, failed: Rate, retried: Rate }),
    workers: z.number().int().openapi({ description: "Workers that take its jobs and are not lost" }),
    links: z.object({ self: z.string(), jobs: z.string() }),
  })
  .openapi("Queue");

export type QueueDocument = z.infer<typeof QueueDocument>;

/** A queue as it is now. */
export function queueDocument(queue: QueueFigures, api: string): QueueDocument {
  const { name, paused, pausedAt, counts, head, rates, workers } = queue;
  const path = encodeURIComponent(name);
  return {
    queue: name,
    paused,
    pausedAt: isoOrNull(pausedAt),
    counts: { ...counts },
    oldestWaiting: head === null ? null : { jobId: head.id, readyAt: iso(head.readyAt), age: head.age },
    rates: { ...rates },
    workers,
    links: { self: `${api}/queues/${path}`, jobs: `${api}/jobs?queue=${path}` },
  };
}
