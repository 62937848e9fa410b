/**
 * Schedules as engines store them. An engine stores when a schedule is due next and what its last tick was, but computes
 * neither: the caller does, with `model/schedule`. That a tick gets one job, whichever worker fires it, is ensured by one
 * atomic command, `fireSchedules`.
 */
import { DEFAULT_BACKOFF } from "../../model/failure/backoff.js";
import type { JobSpec } from "../../model/job/job.js";
import { DEFAULT_RETENTION } from "../../model/job/retention.js";
import type { Schedule } from "../../model/schedule/schedule.js";

/**
 * Does it fire? `moving`: it came from another queue where it may still exist; it fires once it is removed there (see
 * `engine/shared/schedule-change.ts`).
 */
export type ScheduleStatus = "active" | "paused" | "moving";

/** The identity of a schedule: a name is unique within its queue, and `put` keeps it unique over all queues. */
export interface ScheduleRef {
  readonly queue: string;
  readonly name: string;
}

/** A stored schedule. */
export interface ScheduleRecord extends ScheduleRef {
  /** `null` when what is stored cannot be decoded; `problem` then says why. */
  readonly schedule: Schedule | null;
  readonly problem: string | null;
  readonly status: ScheduleStatus;
  /** The `op` of the command that gave it its present definition. */
  readonly revision: string;
  /** All ticks up to here are settled. Epoch milliseconds. */
  readonly lastDue: number;
  /**
   * When it is due next; `null` when never again, or while it is paused. During a move: when a sweep is to complete it.
   */
  readonly nextDue: number | null;
  /** The job of its last tick that had one, in whatever state; `null` if none had one. */
  readonly lastJob: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** A schedule to be stored. */
export interface SchedulePut {
  readonly queue: string;
  readonly schedule: Schedule;
  /** The status of a new one; an existing one keeps its own. */
  readonly status: ScheduleStatus;
  /** For a new schedule, or one whose times changed: where its ticks begin, and the first of them. */
  readonly lastDue: number;
  readonly nextDue: number | null;
  /** Drawn by the client: a command sent again is recognized by it. */
  readonly op: string;
}

/** The answer to `putSchedule`; `full`: the queue has as many as it may have. */
export type SchedulePutAnswer = "created" | "changed" | "unchanged" | "full";

/** A schedule to fire from now on. */
export interface ScheduleResume extends ScheduleRef {
  /** The status it must have; otherwise nothing is done. */
  readonly from: "paused" | "moving";
  /** The revision that `nextDue` was computed from. */
  readonly revision: string;
  readonly lastDue: number;
  readonly nextDue: number | null;
}

/** The answer to `resumeSchedule`; `stale`: its definition has changed since. */
export type ScheduleResumeAnswer = "applied" | "missing" | "stale";

/** The due ticks of one schedule. */
export interface ScheduleFire extends ScheduleRef {
  readonly revision: string;
  /** The `lastDue` they were computed from: the fence. */
  readonly from: number;
  /** The new `lastDue` and `nextDue`. */
  readonly to: number;
  readonly nextDue: number | null;
  /** Their jobs, in this queue, the oldest first: at most 1,000. */
  readonly jobs: readonly JobSpec[];
  /** Create no job while the schedule's last one has not ended (`overlap: "skip"`). */
  readonly skipOverlap: boolean;
  /** Drawn by the worker that fires: a command sent again is recognized by it. */
  readonly op: string;
}

/** The stored form of a definition. It leaves out whether the schedule is paused: that is its status. */
export function encodeSchedule({ paused: _paused, ...definition }: Schedule): string {
  return JSON.stringify(definition);
}

/** The part of a definition that determines its ticks, as text to compare. */
export function timesText({ times, start, end }: Schedule): string {
  return JSON.stringify([times, start, end]);
}

/** Decodes a stored definition; `problem` says why that failed. */
export function decodeSchedule(
  name: string,
  text: string,
  status: ScheduleStatus,
): Pick<ScheduleRecord, "schedule" | "problem"> {
  try {
    const definition = JSON.parse(text) as Omit<Schedule, "paused">;
    if (definition.name !== name || !("type" in definition.times) || typeof definition.job.task !== "string") {
      throw new TypeError("something is missing");
    }
    const { backoff, retention } = definition.job;
    const job = {
      ...definition.job,
      backoff: orDefault(backoff, DEFAULT_BACKOFF),
      retention: orDefault(retention, DEFAULT_RETENTION),
    };
    return { schedule: { ...definition, job, paused: status === "paused" }, problem: null };
  } catch (error) {
    return { schedule: null, problem: `schedule ${name}: what is stored cannot be decoded (${String(error)})` };
  }
}

// Engines recognize the defaults by identity, and store them at no cost.
function orDefault<T>(value: T, byDefault: T): T {
  return JSON.stringify(value) === JSON.stringify(byDefault) ? byDefault : value;
}
