/** The document of a worker. */
import { z } from "@hono/zod-openapi";
import type { WorkerRecord } from "../../engine/contract/engine.js";
import { WORKER_COMMANDS } from "../../engine/contract/worker/worker-command.js";
import { SUSPENSIONS } from "../../model/why/suspension.js";
import { iso, isoOrNull, JobId, Name, orNull, Time, TimeOrNull } from "./common.js";

const Slot = z.object({ queue: z.string(), jobId: JobId, task: z.string(), since: Time });

const Status = z
  .object({
    at: Time,
    rss: z.number().openapi({ description: "Bytes of memory of its process" }),
    heap: z.number(),
    cpu: z.number().nullable().openapi({ description: "Of one core; 1 is all of it" }),
    loopDelay: z.number().openapi({ description: "For how long its event loop was held up at most, in milliseconds" }),
    busy: z.number().int(),
    slots: z.array(Slot).openapi({ description: "What it runs: the ten that began first" }),
    suspended: z.array(z.enum(SUSPENSIONS)).openapi({ description: "Why it leases nothing" }),
  })
  .openapi("WorkerStatus");

/** A worker. */
export const WorkerDocument = z
  .object({
    session: z.string(),
    name: z.string(),
    host: z.string(),
    pid: z.number().int(),
    queues: z.array(z.string()),
    tasks: z.array(z.object({ task: Name, version: z.string().nullable(), label: z.string().nullable() })),
    appVersion: z.string().nullable(),
    environment: z.string().nullable(),
    longshore: z.string(),
    node: z.string(),
    concurrency: z.number().int(),
    running: z.number().int().openapi({ description: "How many jobs it runs or has leased ahead" }),
    liveness: z.enum(["alive", "silent", "lost"]),
    startedAt: Time,
    seenAt: Time,
    leaseEndsAt: Time,
    status: orNull(Status).openapi({ description: "As it said last" }),
    command: z
      .object({ command: z.enum(WORKER_COMMANDS), at: Time, acknowledgedAt: TimeOrNull })
      .nullable()
      .openapi({ description: "The latest command to it" }),
  })
  .openapi("Worker");

export type WorkerDocument = z.infer<typeof WorkerDocument>;

/** A worker as it is now. */
export function workerDocument(worker: WorkerRecord): WorkerDocument {
  const { tasks, startedAt, seenAt, leaseEndsAt, status, command, queues, ...plain } = worker;
  const { session, name, host, pid, appVersion, environment, longshore, node, concurrency, running, liveness } = plain;
  return {
    ...{ session, name, host, pid, queues: [...queues], appVersion, environment, longshore, node },
    ...{ concurrency, running, liveness },
    tasks: tasks.map(({ name: task, version, label }) => ({ task, version, label })),
    startedAt: iso(startedAt),
    seenAt: iso(seenAt),
    leaseEndsAt: iso(leaseEndsAt),
    status: status === null ? null : statusDocument(status),
    command:
      command === null
        ? null
        : { command: command.command, at: iso(command.at), acknowledgedAt: isoOrNull(command.acknowledgedAt) },
  };
}

function statusDocument(status: NonNullable<WorkerRecord["status"]>): z.infer<typeof Status> {
  const { at, rss, heap, cpu, loopDelay, busy, slots, suspended } = status;
  return {
    ...{ at: iso(at), rss, heap, cpu, loopDelay, busy, suspended: [...suspended] },
    slots: slots.map(({ queue, id, task, since }) => ({ queue, jobId: id, task, since: iso(since) })),
  };
}
