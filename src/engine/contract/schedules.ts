/**
 * Schedules as engines keep them. An engine knows when a schedule is due next and what its last tick was, and computes
 * neither: times come from `model/schedule`, by whoever gives the command. What has to hold for a tick (one job, whoever
 * fires it) is held by one atomic command, `fireSchedules`.
 */
import { DEFAULT_BACKOFF } from "../../model/failure/backoff.js";
import type { JobSpec } from "../../model/job/job.js";
import { DEFAULT_RETENTION } from "../../model/job/retention.js";
import type { Schedule } from "../../model/schedule/schedule.js";

/**
 * Does it fire? `moving`: it came from another queue, where it may still be; it fires once it was removed there (see
 * `schedule-move.ts`).
 */
export type ScheduleStatus = "active" | "paused" | "moving";

/** What a schedule is known by: a name is unique within its queue, and `put` keeps it so over all queues. */
export interface ScheduleRef {
  readonly queue: string;
  readonly name: string;
}

/** A schedule as it is read back. */
export interface ScheduleRecord extends ScheduleRef {
  /** `null` when what is stored cannot be decoded; `problem` then says why. */
  readonly schedule: Schedule | null;
  readonly problem: string | null;
  readonly status: ScheduleStatus;
  /** The `op` of the command that gave it its present definition. */
  readonly revision: string;
  /** Up to here all ticks are settled. Epoch milliseconds. */
  readonly lastDue: number;
  /** When it is due next; `null` when never again, or while it is paused. While it moves: when a sweep ends that. */
  readonly nextDue: number | null;
  /** The job of its last tick that had one, wherever that stands by now; `null` before. */
  readonly lastJob: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

/** A schedule to be stored. */
export interface SchedulePut {
  readonly queue: string;
  readonly schedule: Schedule;
  /** What a new one begins as; one that is there keeps its own. */
  readonly status: ScheduleStatus;
  /** For a new one, and for one whose times changed: where its ticks begin, and the first of them. */
  readonly lastDue: number;
  readonly nextDue: number | null;
  /** Drawn by the client: the same command sent again is known by it. */
  readonly op: string;
}

/** What became of it; `full`: the queue has as many as it may have. */
export type SchedulePutAnswer = "created" | "changed" | "unchanged" | "full";

/** A schedule to fire from now on. */
export interface ScheduleResume extends ScheduleRef {
  /** What it must be: otherwise nothing is done. */
  readonly from: "paused" | "moving";
  /** The definition that `nextDue` follows from. */
  readonly revision: string;
  readonly lastDue: number;
  readonly nextDue: number | null;
}

/** What became of it; `stale`: its definition is another by now. */
export type ScheduleResumeAnswer = "applied" | "missing" | "stale";

/** The ticks of one schedule that are due. */
export interface ScheduleFire extends ScheduleRef {
  readonly revision: string;
  /** The `lastDue` they follow from: the fence. */
  readonly from: number;
  /** The `lastDue` and `nextDue` from then on. */
  readonly to: number;
  readonly nextDue: number | null;
  /** Their jobs, in this queue, the oldest first: at most 1,000. */
  readonly jobs: readonly JobSpec[];
  /** While the schedule's last job has not ended, create no other (`overlap: "skip"`). */
  readonly skipOverlap: boolean;
  /** Drawn by whoever fires: the same command sent again is known by it. */
  readonly op: string;
}

/** What a definition is stored as. Whether it is paused is not part of it: that is the schedule's own state. */
export function encodeSchedule({ paused: _paused, ...definition }: Schedule): string {
  return JSON.stringify(definition);
}

/** The part of a definition that its ticks follow from, as text to be compared. */
export function timesText({ times, start, end }: Schedule): string {
  return JSON.stringify([times, start, end]);
}

/** Reads a stored definition back, or says why that cannot be done. */
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
      backoff: usual(backoff, DEFAULT_BACKOFF),
      retention: usual(retention, DEFAULT_RETENTION),
    };
    return { schedule: { ...definition, job, paused: status === "paused" }, problem: null };
  } catch (error) {
    return { schedule: null, problem: `schedule ${name}: what is stored cannot be decoded (${String(error)})` };
  }
}

// Engines know the usual ones by identity, and store them at no cost.
function usual<T>(value: T, one: T): T {
  return JSON.stringify(value) === JSON.stringify(one) ? one : value;
}
