/**
 * Everything that follows from a schedule alone: when it is due, which ticks were missed, the id of a tick's job and
 * when it runs. Every answer depends on its arguments only, so all workers agree, and the next tick follows from the
 * last one, never from the time of evaluation. A pause is not considered here.
 */
import { parseWhole } from "../value/scalar.js";
import { nextCronTick, previousCronTick } from "./cron-tick.js";
import { nextIntervalTick, previousIntervalTick } from "./interval.js";
import { jitterOf } from "./jitter.js";
import type { Schedule } from "./schedule.js";

/** The most ticks that `catchUp: "all"` makes up for, and that `dueTimes` gives. */
export const MOST_TICKS = 1_000;

/** The most due schedules of one queue that are answered at a time. */
export const MOST_HANDED_OUT = 100;

/**
 * A tick that is found this late is still on time, in milliseconds: workers need a moment to notice it, and to be
 * restarted.
 */
export const ON_TIME = 60_000;

/** When the schedule is due next, strictly after `after`; `null` when never again. Epoch milliseconds. */
export function nextDue({ times, start, end }: Schedule, after: number): number | null {
  const from = start === null ? after : Math.max(after, start - 1);
  const due = times.type === "cron" ? nextCronTick(times, from) : nextIntervalTick(times, from);
  return due === null || (end !== null && due > end) ? null : due;
}

/** When the schedule was last due, strictly before `before`; `null` when never. Epoch milliseconds. */
export function previousDue({ times, start, end }: Schedule, before: number): number | null {
  const until = end === null ? before : Math.min(before, end + 1);
  const due = times.type === "cron" ? previousCronTick(times, until) : previousIntervalTick(times, until);
  return due === null || (start !== null && due < start) ? null : due;
}

/**
 * The next `count` times, strictly after `from`; fewer when the schedule ends.
 * @param count 1 to 1000
 * @throws InvalidInput when `count` is not
 * @example dueTimes(schedule, now, 5) // the next five times
 */
export function dueTimes(schedule: Schedule, from: number, count: number): number[] {
  parseWhole("count", count, 1, MOST_TICKS);
  const found: number[] = [];
  for (let due = nextDue(schedule, from); due !== null && found.length < count; due = nextDue(schedule, due)) {
    found.push(due);
  }
  return found;
}

/** What to do about the ticks up to now. */
export interface Missed {
  /** The ticks to run, the oldest first. */
  readonly due: readonly number[];
  /** All ticks up to here are settled: the `lastDue` of the next evaluation. */
  readonly lastDue: number;
}

/**
 * The ticks after `lastDue` and up to `now` that run, by the schedule's `catchUp`. One that is at most a minute late is not
 * missed, and runs whatever the policy.
 * @param lastDue the latest tick that is settled; for a new schedule the time of its creation, for one that was paused the
 *   time at which it was resumed
 */
export function missed(schedule: Schedule, lastDue: number, now: number): Missed {
  const latest = previousDue(schedule, now + 1);
  if (latest === null || latest <= lastDue) return { due: [], lastDue };
  switch (schedule.catchUp) {
    case "skip":
      return { due: now - latest <= ON_TIME ? [latest] : [], lastDue: latest };
    case "one":
      return { due: [latest], lastDue: latest };
    case "all":
      return { due: latestTicks(schedule, lastDue, latest), lastDue: latest };
  }
}

/** The ticks after `after` up to the tick `latest`, the latest thousand of them, the oldest first. */
function latestTicks(schedule: Schedule, after: number, latest: number): number[] {
  const found: number[] = [];
  let due: number | null = latest;
  while (due !== null && due > after && found.length < MOST_TICKS) {
    found.push(due);
    due = previousDue(schedule, due);
  }
  return found.toReversed();
}

/** When the job of a tick runs: its time and the schedule's jitter. Epoch milliseconds. */
export function runTime({ name, jitter }: Schedule, due: number): number {
  return jitter === 0 ? due : due + jitterOf(name, due, jitter);
}

/**
 * The id of a tick's job: the schedule's name and the time, so that however many workers see a tick there is one job.
 * @example tickId("nightly", Date.UTC(2026, 10, 22, 10)) // "tick:nightly:20261122T100000Z"
 */
export function tickId(name: string, due: number): string {
  const time = new Date(due).toISOString().replaceAll(/[-:]/g, "").replace(".000", "");
  return `tick:${name}:${time}`;
}
