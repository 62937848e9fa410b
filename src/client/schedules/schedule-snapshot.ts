/** A schedule as it was at one moment, for people and programs that list them. */
import type { ScheduleRecord } from "../../engine/contract/engine.js";
import { decodePayload } from "../../model/value/codec.js";
import type { CatchUp, Overlap, ScheduleTimes } from "../../model/schedule/schedule.js";
import type { JobTemplate } from "../../model/schedule/template.js";
import { dueTimes } from "../../model/schedule/ticks.js";

/** How many of the next times a snapshot has. */
export const NEXT_TIMES = 5;

/** The options of a schedule's jobs, as they are stored: durations in milliseconds. */
export interface ScheduledJobOptions extends Omit<JobTemplate, "queue" | "task" | "input" | "meta"> {
  readonly meta: unknown;
}

/**
 * A schedule as it was at one moment. Times are epoch milliseconds; `new Date(snapshot.next[0]).toISOString()` for people.
 */
export interface ScheduleSnapshot {
  readonly name: string;
  /** The queue of its jobs. */
  readonly queue: string;
  /** The task its jobs run. */
  readonly task: string;
  readonly input: unknown;
  /** The options of its jobs, with all defaults; `null` when they cannot be read. */
  readonly options: ScheduledJobOptions | null;
  /** When it is due: by cron or by interval; `null` when that cannot be read. */
  readonly times: ScheduleTimes | null;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** Milliseconds. */
  readonly jitter: number;
  /** No tick before this; `null` for no bound. */
  readonly start: number | null;
  /** No tick after this; `null` for no bound. */
  readonly end: number | null;
  readonly paused: boolean;
  /** The next five times; fewer when it ends before, none while it is paused. */
  readonly next: readonly number[];
  /** All ticks up to here are settled. */
  readonly lastDue: number;
  /** The id of the job of its last tick that had one, which retention may have removed; `null` before. */
  readonly lastJob: string | null;
  readonly createdAt: number;
  /** The error of decoding the stored schedule, when that failed; unknown fields are then empty. */
  readonly problem: string | null;
}

/** Decodes a record. Never throws. */
export function scheduleSnapshot(record: ScheduleRecord): ScheduleSnapshot {
  const { name, queue, status, lastDue, lastJob, createdAt } = record;
  const common = { name, queue, paused: status === "paused", lastDue, lastJob, createdAt };
  const unread = {
    task: "",
    input: null,
    options: null,
    times: null,
    catchUp: "one",
    overlap: "allow",
    jitter: 0,
  } as const;
  if (record.schedule === null)
    return { ...common, ...unread, start: null, end: null, next: [], problem: record.problem };
  const { job, times, catchUp, overlap, jitter, start, end } = record.schedule;
  try {
    // From the last tick, not from now: a tick that is due and not fired yet is still the next.
    const next = common.paused ? [] : dueTimes(record.schedule, lastDue, NEXT_TIMES);
    const { queue: _queue, task, input: text, meta, ...template } = job;
    const input = decodePayload(text);
    const options = { ...template, meta: meta === null ? null : decodePayload(meta) };
    return { ...common, task, input, options, times, catchUp, overlap, jitter, start, end, next, problem: null };
  } catch (error) {
    const problem = `schedule ${name}: what is stored cannot be used (${String(error)})`;
    return { ...common, ...unread, start, end, next: [], problem };
  }
}
