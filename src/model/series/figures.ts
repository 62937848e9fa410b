/**
 * What is counted of the ends of jobs: how many, how long they had waited, and how long their last run took. Stored as a flat
 * list of numbers, in which an empty bucket takes no room.
 */
import { addDuration, addDurations, DURATION_BUCKETS, noDurations, type Durations } from "./durations.js";

/**
 * How a job or a run of it ended. `completed`, `partial`, `failed`, `cancelled`, `expired`, `superseded`: the job did.
 * `retried`: a run failed, and the job is tried again. `lost`: a run ended with its worker, and the job is run again.
 */
export const SERIES_OUTCOMES = [
  "completed",
  "partial",
  "failed",
  "cancelled",
  "expired",
  "superseded",
  "retried",
  "lost",
] as const;

export type SeriesOutcome = (typeof SERIES_OUTCOMES)[number];

/** The letters of the outcomes, as they are stored. */
export const SERIES_LETTERS = {
  completed: "c",
  partial: "p",
  failed: "f",
  cancelled: "x",
  expired: "e",
  superseded: "s",
  retried: "r",
  lost: "l",
} as const satisfies Record<SeriesOutcome, string>;

/** The outcome of a letter; `null` for any other text. */
export function outcomeOfLetter(letter: string): SeriesOutcome | null {
  return SERIES_OUTCOMES.find((outcome) => SERIES_LETTERS[outcome] === letter) ?? null;
}

/** How long a job waited and ran, in milliseconds. */
export interface Times {
  readonly wait: number;
  readonly run: number;
}

/** Figures that add up. Ends without a run are counted and have no times. */
export interface Figures {
  count: number;
  readonly wait: Durations;
  readonly run: Durations;
}

export function noFigures(): Figures {
  return { count: 0, wait: noDurations(), run: noDurations() };
}

/** Counts one end; `times`: how long its job waited and ran, `null` for one without a run. */
export function countEnd(figures: Figures, times: Times | null): void {
  figures.count += 1;
  if (times === null) return;
  addDuration(figures.wait, times.wait);
  addDuration(figures.run, times.run);
}

/** Adds all of `others`. */
export function addFigures(figures: Figures, others: Figures): void {
  figures.count += others.count;
  addDurations(figures.wait, others.wait);
  addDurations(figures.run, others.run);
}

/** What is added to the number of a bucket of run times in the list, so that it is not taken for one of waits. */
export const RUN_BUCKETS_FROM = 32;

/** The figures as a list: count, sum of the waits, sum of the run times, then each bucket that is not empty and its count. */
export function packFigures({ count, wait, run }: Figures): number[] {
  const packed = [count, wait.sum, run.sum];
  const add = ({ buckets }: Durations, from: number): void => {
    for (let bucket = 0; bucket < buckets.length; bucket += 1) {
      const n = buckets[bucket] ?? 0;
      if (n > 0) packed.push(from + bucket, n);
    }
  };
  add(wait, 0);
  add(run, RUN_BUCKETS_FROM);
  return packed;
}

/** Adds a list to figures. Another hand may have written anything: what is no number counts nothing. */
export function addPacked(figures: Figures, packed: unknown): void {
  if (!Array.isArray(packed)) return;
  const numbers = packed.map((value) => (typeof value === "number" && Number.isFinite(value) ? value : 0));
  const [count = 0, waited = 0, ran = 0] = numbers;
  figures.count += count;
  figures.wait.sum += waited;
  figures.run.sum += ran;
  for (let at = 3; at + 1 < numbers.length; at += 2) {
    const [place = 0, n = 0] = [numbers[at], numbers[at + 1]];
    const { buckets } = place < RUN_BUCKETS_FROM ? figures.wait : figures.run;
    const bucket = place < RUN_BUCKETS_FROM ? place : place - RUN_BUCKETS_FROM;
    if (Number.isInteger(bucket) && bucket >= 0 && bucket < DURATION_BUCKETS)
      buckets[bucket] = (buckets[bucket] ?? 0) + n;
  }
}
