/** Series and totals as they are read: counts, percentiles, and how full the queues were. */
import type { SampleRow, SeriesAnswer, SeriesQuery, TotalRow } from "../../engine/contract/engine.js";
import { countOf, DURATION_BOUNDS, percentileOf, type Durations } from "../../model/series/durations.js";
import type { SeriesOutcome } from "../../model/series/figures.js";

/** Durations in milliseconds. The percentiles are estimates: see `Longshore.series`. `null`: there are no durations. */
export interface DurationFigures {
  /** How many there are; ends without a run have none. */
  readonly count: number;
  readonly sum: number;
  readonly mean: number | null;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  /**
   * How many were at most `upTo` and over the bound before it, for each bound with any. Bounds are 1, 2, 5 and so on from a
   * millisecond to 12 hours; `null`: beyond. Counts of several points add up.
   */
  readonly buckets: readonly { readonly upTo: number | null; readonly count: number }[];
}

/** How jobs ended. */
export interface EndFigures {
  readonly count: number;
  /** From when a job was ready to when its run began. */
  readonly wait: DurationFigures;
  /** From when its last run began to when that ended. */
  readonly run: DurationFigures;
}

/** How jobs ended in one step, and how full their queues were. */
export interface SeriesPoint extends EndFigures {
  /** When the step begins, epoch milliseconds. */
  readonly at: number;
  /** `null` unless the points are told apart by it, as are `task` and `outcome`. */
  readonly queue: string | null;
  readonly task: string | null;
  readonly outcome: SeriesOutcome | null;
  /**
   * How many jobs were queued, on the average of the minutes in which any waited or ran, in all queues of the point and whatever
   * their task. `null` when there was no such minute, as for the three below.
   */
  readonly depth: number | null;
  /** The longest for which a job at the head of the line, or the first one of the lowest priority, had been ready. Milliseconds. */
  readonly oldest: number | null;
  /** How many jobs were leased, on the average. */
  readonly active: number | null;
  /** How many slots of workers these kept busy, on the average. */
  readonly busy: number | null;
}

/** How jobs of a task have ended in one way since its queue exists. */
export interface SeriesTotal extends EndFigures {
  readonly queue: string;
  readonly task: string;
  readonly outcome: SeriesOutcome;
}

/** The points of an answer. A step in which nothing ended has one only where points are not told apart by task or outcome. */
export function pointsOf({ rows, samples }: SeriesAnswer, { by }: SeriesQuery): SeriesPoint[] {
  const placeOf = (at: number, queue: string | null): string => `${at} ${by.includes("queue") ? queue : ""}`;
  const seen = new Map<string, SampleRow[]>();
  for (const sample of samples) {
    const place = placeOf(sample.at, sample.queue);
    seen.set(place, [...(seen.get(place) ?? []), sample]);
  }
  const points = rows.map(({ figures, ...row }) => {
    return { ...row, ...figuresOf(figures), ...queueFigures(seen.get(placeOf(row.at, row.queue)) ?? []) };
  });
  if (by.includes("task") || by.includes("outcome")) return points;
  const ended = new Set(rows.map(({ at, queue }) => placeOf(at, queue)));
  for (const [place, [first, ...others]] of seen) {
    if (first === undefined || ended.has(place)) continue;
    const where = { at: first.at, queue: by.includes("queue") ? first.queue : null, task: null, outcome: null };
    points.push({ ...where, ...NOTHING_ENDED, ...queueFigures([first, ...others]) });
  }
  return points.toSorted((a, b) => a.at - b.at || ((a.queue ?? "") < (b.queue ?? "") ? -1 : 1));
}

/** Totals as they are read. */
export function totalsOf(rows: readonly TotalRow[]): SeriesTotal[] {
  return rows.map(({ figures, ...row }) => ({ ...row, ...figuresOf(figures) }));
}

function figuresOf({ count, wait, run }: TotalRow["figures"]): EndFigures {
  return { count, wait: durationFigures(wait), run: durationFigures(run) };
}

/** Durations as they are read. */
export function durationFigures(durations: Durations): DurationFigures {
  const count = countOf(durations);
  const [p50 = null, p95 = null, p99 = null] = [0.5, 0.95, 0.99].map((share) => percentileOf(durations, share));
  const buckets = durations.buckets.flatMap((n, bucket) => {
    return n === 0 ? [] : [{ upTo: DURATION_BOUNDS[bucket] ?? null, count: n }];
  });
  return { count, sum: durations.sum, mean: count === 0 ? null : durations.sum / count, p50, p95, p99, buckets };
}

const NO_DURATIONS: DurationFigures = { count: 0, sum: 0, mean: null, p50: null, p95: null, p99: null, buckets: [] };
const NOTHING_ENDED: EndFigures = { count: 0, wait: NO_DURATIONS, run: NO_DURATIONS };

type QueueFigures = Pick<SeriesPoint, "depth" | "oldest" | "active" | "busy">;

/** The samples of one step: averages of each queue, added up. */
function queueFigures(rows: readonly SampleRow[]): QueueFigures {
  if (rows.length === 0) return { depth: null, oldest: null, active: null, busy: null };
  const sum = (of: "depth" | "active" | "busy"): number => {
    return rows.reduce((total, { samples }) => total + samples[of] / samples.count, 0);
  };
  const oldest = Math.max(...rows.map(({ samples }) => samples.oldest));
  return { depth: sum("depth"), oldest, active: sum("active"), busy: sum("busy") };
}
