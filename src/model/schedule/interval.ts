/**
 * Intervals: ticks at `anchor`, `anchor + every`, `anchor + 2 × every` … and as far back. Each follows from the anchor,
 * so they never drift, and every worker computes the same ones. Clock changes have no effect: "1d" is 24 hours, on
 * every day of the year.
 */
import { parseDuration } from "../value/duration.js";
import { InvalidInput } from "../errors/errors.js";
import { parseTime } from "../value/scalar.js";

/** When an interval schedule is due. */
export interface IntervalTimes {
  /** Milliseconds from one tick to the next. */
  readonly every: number;
  /** The time of one of the ticks, in epoch milliseconds. */
  readonly anchor: number;
}

/** The shortest interval, in milliseconds: that of cron with seconds. */
const SHORTEST = 1_000;

/** Checks an interval. Without an anchor it counts from the epoch: `"1h"` is due on the hour (UTC). @throws InvalidInput */
export function parseInterval(field: string, every: unknown, anchor: unknown): IntervalTimes {
  const parsed = parseDuration(`${field}.every`, every);
  if (parsed < SHORTEST) throw new InvalidInput(`${field}.every`, every, "at least 1 second");
  return { every: parsed, anchor: anchor === undefined ? 0 : parseTime(`${field}.anchor`, anchor) };
}

/** The first tick strictly after `after`. */
export function nextIntervalTick({ every, anchor }: IntervalTimes, after: number): number {
  return anchor + (Math.floor((after - anchor) / every) + 1) * every;
}

/** The last tick strictly before `before`. */
export function previousIntervalTick({ every, anchor }: IntervalTimes, before: number): number {
  return anchor + (Math.ceil((before - anchor) / every) - 1) * every;
}
