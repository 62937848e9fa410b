/** What is said of a schedule, and what is given for one. */
import { z } from "@hono/zod-openapi";
import type { AnySchedule } from "../../define/schedule.js";
import type { AnyTask } from "../../define/task.js";
import type { ScheduleSnapshot } from "../../client/schedules/schedule-snapshot.js";
import type { View } from "../http/view.js";
import {
  GivenDuration,
  GivenTime,
  iso,
  isoOrNull,
  JobId,
  Name,
  Payload,
  TaskName,
  Time,
  TimeOrNull,
} from "./common.js";
import { OptionsSchema } from "./enqueue.js";

const CatchUp = z.enum(["skip", "one", "all"]);
const Overlap = z.enum(["allow", "skip", "supersede"]);

/** A schedule as it is put; its name is in the path. */
export const GivenSchedule = z
  .strictObject({
    task: TaskName,
    input: Payload.optional(),
    options: OptionsSchema.omit({ id: true, delay: true, runAt: true, hold: true, after: true, ifFailed: true })
      .optional()
      .openapi({ description: "The options of its jobs" }),
    cron: z
      .string()
      .max(500)
      .optional()
      .openapi({ description: "5 fields, 6 with seconds first, or @daily and the like" }),
    timeZone: z.string().max(100).optional().openapi({ description: "Whose clocks cron means; default: UTC" }),
    every: GivenDuration.optional(),
    anchor: GivenTime.optional(),
    start: GivenTime.optional(),
    end: GivenTime.optional(),
    jitter: GivenDuration.optional(),
    catchUp: CatchUp.optional(),
    overlap: Overlap.optional(),
    paused: z.boolean().optional().openapi({ description: "A new one only: created without firing" }),
  })
  .openapi("GivenSchedule", { description: "Give either cron or every" });

/** A schedule as the client takes it. What of it is wrong the client says. */
export function scheduleOf(name: string, given: z.infer<typeof GivenSchedule>, task: AnyTask | string): AnySchedule {
  const { anchor, start, end, ...rest } = given;
  const times = Object.entries({ anchor, start, end }).flatMap(([key, time]) => {
    return time === undefined ? [] : [[key, new Date(time)] as const];
  });
  return { ...rest, name, task, ...Object.fromEntries(times) } as AnySchedule;
}

const Times = z.union([
  z.object({ cron: z.string(), timeZone: z.string() }),
  z.object({ every: z.number().openapi({ description: "Milliseconds" }), anchor: Time }),
]);

/** A schedule. */
export const ScheduleDocument = z
  .object({
    name: Name,
    queue: Name,
    task: z.string(),
    input: Payload,
    options: z
      .record(z.string(), z.unknown())
      .nullable()
      .openapi({ description: "The options of its jobs as they are stored: durations in milliseconds" }),
    times: Times.nullable(),
    catchUp: CatchUp,
    overlap: Overlap,
    jitter: z.number().openapi({ description: "Milliseconds" }),
    start: TimeOrNull,
    end: TimeOrNull,
    paused: z.boolean(),
    next: z.array(Time).openapi({ description: "The next five times; none while it is paused" }),
    lastDue: Time.openapi({ description: "All times up to here are settled" }),
    lastJob: JobId.nullable(),
    createdAt: Time,
    problem: z.string().nullable().openapi({ description: "Why it cannot be read" }),
    links: z.object({ self: z.string(), jobs: z.string(), lastJob: z.string().nullable() }),
  })
  .openapi("Schedule");

export type ScheduleDocument = z.infer<typeof ScheduleDocument>;

/** A schedule as it is now. */
export function scheduleDocument(schedule: ScheduleSnapshot, view: View, api: string): ScheduleDocument {
  const { name, queue, task, input, options, times, catchUp, overlap, jitter, paused, lastJob, problem } = schedule;
  const path = encodeURIComponent(name);
  const inQueue = `?queue=${encodeURIComponent(queue)}`;
  return {
    ...{ name, queue, task, catchUp, overlap, jitter, paused, lastJob, problem },
    input: view.payload(task, "input", input),
    options: options === null ? null : { ...options, meta: view.payload(task, "meta", options.meta) },
    times: timesDocument(times),
    start: isoOrNull(schedule.start),
    end: isoOrNull(schedule.end),
    next: schedule.next.map(iso),
    lastDue: iso(schedule.lastDue),
    createdAt: iso(schedule.createdAt),
    links: {
      self: `${api}/schedules/${path}`,
      jobs: `${api}/jobs?schedule=${path}`,
      lastJob: lastJob === null ? null : `${api}/jobs/${encodeURIComponent(lastJob)}${inQueue}`,
    },
  };
}

function timesDocument(times: ScheduleSnapshot["times"]): z.infer<typeof Times> | null {
  if (times === null) return null;
  if (times.type === "cron") return { cron: times.cron, timeZone: times.timeZone };
  return { every: times.every, anchor: iso(times.anchor) };
}
