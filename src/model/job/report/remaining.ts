/**
 * How long a running job is likely to take still: from what the last runs of its task took beyond the point it has reached.
 * Nothing is said when those runs were too few, or differed by more than the answer itself.
 */
import { MOST_ENDED_AFTER, type Progress } from "../progress.js";

/** How long a job is likely to take still. All in milliseconds. */
export interface Remaining {
  /** Half of the earlier runs took longer from here. */
  readonly ms: number;
  /** A quarter of them took less, a quarter more than this. */
  readonly from: number;
  readonly to: number;
  /** How many earlier runs it is drawn from, 3 to 20. */
  readonly runs: number;
}

/** A run that ended well. */
export interface PastRun {
  /** How long it took, in milliseconds. */
  readonly took: number;
  /** As in its progress. */
  readonly endedAfter: readonly number[];
}

/** How far a job is. */
export interface PresentRun {
  /** How long (milliseconds) its run has taken so far. */
  readonly elapsed: number;
  readonly progress: Pick<Progress, "done" | "items" | "endedAfter"> | null;
}

/** How many of the last runs are looked at, and how few say nothing. */
export const MOST_PAST_RUNS = 20;
const FEWEST_PAST_RUNS = 3;

/** What is left of a run; `null` when the last runs say too little. */
export function remainingOf({ elapsed, progress }: PresentRun, past: readonly PastRun[]): Remaining | null {
  const done = Math.min(progress?.done ?? 0, MOST_ENDED_AFTER);
  const sinceStep = Math.max(0, elapsed - endOf(done, progress?.endedAfter ?? []));
  const left = past
    .filter((run) => hasRun(run, done))
    .flatMap((run) => leftOf(run, done, sinceStep, progress?.items ?? null))
    .toSorted((one, other) => one - other);
  if (left.length < FEWEST_PAST_RUNS) return null;
  const [from, ms, to] = [quantile(left, 0.25), quantile(left, 0.5), quantile(left, 0.75)];
  return to - from > ms ? null : { ms, from, to, runs: left.length };
}

/** When the last of so many steps ended. */
function endOf(steps: number, endedAfter: readonly number[]): number {
  return steps === 0 ? 0 : (endedAfter[steps - 1] ?? 0);
}

/** Did a run do these steps, and all after them, itself? One that went on from an earlier run may have begun beyond. */
function hasRun({ endedAfter }: PastRun, done: number): boolean {
  return endedAfter.length >= done && !endedAfter.slice(done).includes(0);
}

/** What a job has still to do if it goes on as a past run did; nothing when it takes longer already than that one did. */
function leftOf(run: PastRun, done: number, sinceStep: number, items: Progress["items"]): number[] {
  // A step over items says itself how fast it is.
  if (items !== null && items.done > 0 && run.endedAfter.length > done) {
    const ofStep = (sinceStep * (items.total - items.done)) / items.done;
    return [Math.max(0, Math.round(ofStep + run.took - endOf(done + 1, run.endedAfter)))];
  }
  const left = Math.round(run.took - endOf(done, run.endedAfter) - sinceStep);
  return left > 0 ? [left] : [];
}

/** A quantile of sorted numbers, between two of them in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const low = sorted[Math.floor(place)] ?? 0;
  const high = sorted[Math.ceil(place)] ?? low;
  return Math.round(low + (high - low) * (place - Math.floor(place)));
}
