/** Numbers about rounds: the median with its range, and ratios of medians. */

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly rounds: number;
}

/** Sums up what rounds measured. @throws RangeError for no rounds at all */
export function summarise(values: readonly number[]): Summary {
  return {
    median: rounded(medianOf(values)),
    min: rounded(Math.min(...values)),
    max: rounded(Math.max(...values)),
    rounds: values.length,
  };
}

/** The value in the middle; between two, their mean. @throws RangeError for no values */
export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1];
  const high = sorted[Math.floor(middle)];
  if (low === undefined || high === undefined) throw new RangeError("There is no median of no values.");
  return (low + high) / 2;
}

/** How many times theirs ours is; `null` when there is nothing to compare with, and where one is less than nothing. */
export function ratioOf(ours: number, theirs: number | undefined): number | null {
  if (theirs === undefined || theirs <= 0 || ours < 0) return null;
  return Number((ours / theirs).toPrecision(3));
}

/** With the four digits that a measurement can be good for. */
export function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
