/** Sweeps, what is the same on every engine: which sessions they declare dead, and how the parts of a sweep add up. */
import type { OverdueSession, SweepAnswer } from "../contract/engine.js";
import type { ScheduleRecord } from "../contract/schedules.js";
import { earliest } from "./listing-order.js";

/** The most overdue sessions that one sweep reports, per queue. */
export const MOST_OVERDUE = 200;

/**
 * A sweep that runs this much later than it was asked for (milliseconds) was held up itself, and declares no session dead.
 */
export const LATE = 1_000;

/**
 * Is this session to be declared dead? It is when it is on the list with the same deadline, that is, gave no sign of life
 * since it was reported; without a list, every overdue session is.
 */
export function isDead(
  { session, queue, deadline }: OverdueSession,
  dead: readonly OverdueSession[] | undefined,
): boolean {
  return (
    dead === undefined ||
    dead.some((other) => other.session === session && other.queue === queue && other.deadline === deadline)
  );
}

/** The sweep of one queue. */
export interface QueueSweep {
  /** How many jobs were recovered, promoted, expired and removed, each at most the limit of the sweep. */
  readonly recovered: number;
  readonly promoted: number;
  readonly expired: number;
  readonly removed: number;
  /** Are there ends left that wait to be added up to series? Default: no. */
  readonly hasTallies?: boolean;
  /** The schedules that are due, and whether there are more of them. */
  readonly schedules: { readonly due: readonly ScheduleRecord[]; readonly more: boolean };
  /** The sessions that are overdue, the earliest first. */
  readonly overdue: readonly OverdueSession[];
  /** When the next job or session is due, and the next schedule. */
  readonly nextDue: number | null;
  readonly nextTick: number | null;
  /** When retention removes a job next. */
  readonly nextRemoval: number | null;
}

/** Adds up the sweeps of queues. */
export function sweepTotal(queues: readonly QueueSweep[], limit: number): SweepAnswer {
  const sum = (count: (queue: QueueSweep) => number): number =>
    queues.reduce((total, queue) => total + count(queue), 0);
  return {
    recovered: sum(({ recovered }) => recovered),
    promoted: sum(({ promoted }) => promoted),
    expired: sum(({ expired }) => expired),
    removed: sum(({ removed }) => removed),
    schedules: queues.flatMap(({ schedules }) => schedules.due),
    overdue: queues.flatMap(({ overdue }) => overdue.slice(0, MOST_OVERDUE)),
    nextDue: earliest(...queues.flatMap(({ nextDue, nextTick }) => [nextDue, nextTick])),
    nextRemoval: earliest(...queues.map(({ nextRemoval }) => nextRemoval)),
    // A part that reached the limit may have left something.
    more: queues.some(({ recovered, promoted, expired, removed, schedules, hasTallies = false }) => {
      return hasTallies || schedules.more || Math.max(recovered, promoted, expired, removed) >= limit;
    }),
  };
}
