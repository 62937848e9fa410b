/**
 * Durations counted in fixed buckets: as small for a billion as for one, and two of them add up to a third. Percentiles are
 * estimated from the buckets.
 */

/** The upper bounds of the buckets in milliseconds: 1, 2, 5 and so on up to 12 hours. What took longer is counted behind them. */
export const DURATION_BOUNDS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000],
  ...[1_000_000, 2_000_000, 5_000_000, 10_000_000, 20_000_000, 43_200_000],
];

/** How many buckets there are: one for each bound, and one for what is beyond all of them. */
export const DURATION_BUCKETS = DURATION_BOUNDS.length + 1;

/** Durations that add up. Milliseconds. */
export interface Durations {
  /** Their sum. */
  sum: number;
  /** How many there are in each bucket. */
  readonly buckets: number[];
}

const EMPTY: readonly number[] = Array.from({ length: DURATION_BUCKETS }, () => 0);

export function noDurations(): Durations {
  // A copy is made ten times as fast as a new list, and each exchange on SQLite makes some.
  return { sum: 0, buckets: EMPTY.slice() };
}

/** The bucket of a duration: that of the first bound which it is not over. */
export function bucketOf(duration: number): number {
  let low = 0;
  let high = DURATION_BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (duration <= (DURATION_BOUNDS[middle] ?? 0)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Adds one. */
export function addDuration(durations: Durations, duration: number): void {
  const bucket = bucketOf(duration);
  durations.sum += duration;
  durations.buckets[bucket] = (durations.buckets[bucket] ?? 0) + 1;
}

/** Adds all of `others`. */
export function addDurations(durations: Durations, others: Durations): void {
  durations.sum += others.sum;
  for (const [bucket, count] of others.buckets.entries()) {
    if (count > 0) durations.buckets[bucket] = (durations.buckets[bucket] ?? 0) + count;
  }
}

/** How many durations there are. */
export function countOf({ buckets }: Durations): number {
  return buckets.reduce((sum, count) => sum + count, 0);
}

/**
 * The duration that a share of them, from 0 to 1, does not exceed, in milliseconds; `null` when there are none. It is taken as if
 * those of a bucket were spread evenly over it, so it is at most as far from the truth as the bucket is wide; what is beyond
 * the last bound counts as that.
 */
export function percentileOf(durations: Durations, share: number): number | null {
  const wanted = countOf(durations) * share;
  let before = 0;
  for (const [bucket, count] of durations.buckets.entries()) {
    if (count > 0 && before + count >= wanted) {
      const from = DURATION_BOUNDS[bucket - 1] ?? 0;
      const to = DURATION_BOUNDS[bucket] ?? from;
      return from + (to - from) * ((wanted - before) / count);
    }
    before += count;
  }
  return null;
}
