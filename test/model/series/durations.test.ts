// Durations in buckets: where each goes, how they add up, and how far a percentile may be from the truth.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addDuration,
  addDurations,
  bucketOf,
  countOf,
  DURATION_BOUNDS,
  DURATION_BUCKETS,
  noDurations,
  percentileOf,
  type Durations,
} from "../../../src/model/series/durations.js";
import { addPacked, countEnd, noFigures, packFigures } from "../../../src/model/series/figures.js";

const duration = fc.integer({ min: 0, max: 100_000_000 });

function durationsOf(values: readonly number[]): Durations {
  const durations = noDurations();
  for (const value of values) addDuration(durations, value);
  return durations;
}

describe("buckets", () => {
  it("end at 1, 2, 5 and so on, from a millisecond to 12 hours", () => {
    expect(DURATION_BOUNDS.slice(0, 6)).toEqual([1, 2, 5, 10, 20, 50]);
    expect(DURATION_BOUNDS.at(-1)).toBe(12 * 3_600_000);
    expect(DURATION_BUCKETS).toBe(25);
  });

  it("take what is not over their bound", () => {
    expect([0, 1, 2, 3, 5, 6, 43_200_000, 43_200_001].map(bucketOf)).toEqual([0, 0, 1, 2, 2, 3, 23, 24]);
  });
});

describe("percentiles", () => {
  it("are null of nothing", () => {
    expect(percentileOf(noDurations(), 0.5)).toBeNull();
  });

  it("spread those of a bucket evenly over it", () => {
    expect(percentileOf(durationsOf([60, 70, 80, 90]), 0.5)).toBe(75);
    expect(percentileOf(durationsOf([0, 0, 60, 70]), 0.75)).toBe(75);
  });

  it("take what is beyond the last bound for that", () => {
    expect(percentileOf(durationsOf([90_000_000]), 0.99)).toBe(43_200_000);
  });

  it("lie in the bucket of the value that they estimate", () => {
    const share = fc.constantFrom(0.5, 0.95, 0.99);
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 50 }), share, (values, part) => {
        const exact = values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0;
        const bucket = bucketOf(exact);
        const estimate = percentileOf(durationsOf(values), part) ?? -1;
        const from = DURATION_BOUNDS[bucket - 1] ?? 0;
        expect(estimate).toBeGreaterThanOrEqual(from);
        expect(estimate).toBeLessThanOrEqual(DURATION_BOUNDS[bucket] ?? from);
      }),
    );
  });
});

describe("figures", () => {
  const times = fc.option(fc.record({ wait: duration, run: duration }), { nil: null });

  it("add up in whatever parts they were packed", () => {
    fc.assert(
      fc.property(fc.array(times, { maxLength: 30 }), fc.nat({ max: 30 }), (ends, at) => {
        const whole = noFigures();
        for (const end of ends) countEnd(whole, end);
        const sum = noFigures();
        for (const part of [ends.slice(0, at), ends.slice(at)]) {
          const figures = noFigures();
          for (const end of part) countEnd(figures, end);
          addPacked(sum, JSON.parse(JSON.stringify(packFigures(figures))));
        }
        expect(sum).toEqual(whole);
        expect(whole.count).toBe(ends.length);
        expect(countOf(whole.wait)).toBe(ends.filter((end) => end !== null).length);
        expect(addedDurations(whole.wait, whole.run).sum).toBe(whole.wait.sum + whole.run.sum);
      }),
    );
  });

  it("take nothing from what another hand wrote", () => {
    for (const rubbish of [null, "x", {}, [], ["a", null, {}], [0, 0, 0, 99, 5, -1, 5, 1.5, 5, "x", 5]]) {
      const figures = noFigures();
      addPacked(figures, rubbish);
      expect(figures).toEqual({ ...noFigures(), wait: { ...noFigures().wait, buckets: expect.any(Array) } });
      expect([figures.count, countOf(figures.run)]).toEqual([0, 0]);
    }
  });
});

function addedDurations(first: Durations, second: Durations): Durations {
  const sum = noDurations();
  for (const part of [first, second]) addDurations(sum, part);
  return sum;
}
