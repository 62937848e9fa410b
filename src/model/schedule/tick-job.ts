/**
 * From ticks to jobs: the jobs a schedule enqueues, and what to do about all its ticks up to now. Every job carries the
 * tag `schedule:NAME`, so that the jobs of one schedule can be found among all jobs.
 */
import { UNLINKED, type JobSpec } from "../job/job.js";
import { scheduleTag } from "../job/schedule-tag.js";
import type { Schedule } from "./schedule.js";
import { missed, nextDue, runTime, tickId } from "./ticks.js";

/** A job that a schedule enqueues: at one of its ticks, or at once when a caller asks for it. */
export function scheduledJob({ name, job, overlap }: Schedule, id: string, due: JobSpec["due"]): JobSpec {
  const tags = [...new Set([...job.tags, scheduleTag(name)])];
  // Only the latest of a schedule's jobs counts, so they share a `supersedes` key that no other job has.
  const supersedes = overlap === "supersede" ? scheduleTag(name) : job.supersedes;
  return { ...job, ...UNLINKED, id, due, hold: false, nonce: null, tags, supersedes };
}

/** The most characters of input that the jobs of one evaluation may have together: they are enqueued in one command. */
const MOST_INPUT = 4_194_304;

/** What to do about the ticks of a schedule up to some time. */
export interface DueTicks {
  /** The jobs of the ticks that run, the oldest first: at most 1,000, and fewer when their input is large. */
  readonly jobs: readonly JobSpec[];
  /** All ticks up to here are settled: the `lastDue` of the next evaluation. */
  readonly lastDue: number;
  /** The tick after that; `null` when there is none. In the past when there is more to run. Epoch milliseconds. */
  readonly nextDue: number | null;
}

/** Decides about the ticks after `lastDue` and up to `now`, by the schedule's `catchUp`. */
export function dueTicks(schedule: Schedule, lastDue: number, now: number): DueTicks {
  const found = missed(schedule, lastDue, now);
  const most = Math.max(1, Math.floor(MOST_INPUT / schedule.job.input.length));
  const due = found.due.slice(0, most);
  const settled = due.length < found.due.length ? (due.at(-1) ?? lastDue) : found.lastDue;
  const jobs = due.map((time) => scheduledJob(schedule, tickId(schedule.name, time), { at: runTime(schedule, time) }));
  return { jobs, lastDue: settled, nextDue: nextDue(schedule, settled) };
}
