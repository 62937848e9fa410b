// Advice from what was measured: rates, peaks, how much run times vary, too little of it, and what is said.
import { describe, expect, test } from "vitest";
import { adviseCapacity, type CapacityAdvice, type MeasuredStep } from "../../../src/model/capacity/capacity.js";
import { waitOfShare } from "../../../src/model/capacity/erlang.js";
import { bucketOf, DURATION_BUCKETS } from "../../../src/model/series/durations.js";

const STEP = 300_000;
const PRESENT = { workers: 2, slots: 10, sharedWith: [] };

function stepsOf(
  runs: readonly number[],
  runTime: number | readonly number[],
  depths: readonly number[] = [],
): MeasuredStep[] {
  const times = typeof runTime === "number" ? [runTime] : runTime;
  return runs.map((count, index) => {
    const buckets = Array.from({ length: DURATION_BUCKETS }, () => 0);
    for (const time of times) buckets[bucketOf(time)] = (buckets[bucketOf(time)] ?? 0) + count / times.length;
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    return { at: index * STEP, length: STEP, runs: count, time: count * mean, buckets, depth: depths[index] ?? 0 };
  });
}

function withTimes(times: readonly number[]): CapacityAdvice {
  return adviseCapacity("scans", stepsOf([3_000, 3_000, 3_000], times), PRESENT, 1_000);
}

test("rates, load and what part of the slots is busy are those measured", () => {
  const advice = adviseCapacity("scans", stepsOf([300, 300, 600, 300], 1_500), PRESENT, 30_000);
  expect(advice).toMatchObject({ queue: "scans", runs: 1_500, since: 0, workers: 2, slots: 10 });
  expect(advice.arrivals).toEqual({ mean: 75, peak: 120 });
  expect(advice.runTime).toBe(1_500);
  expect(advice.load).toBeCloseTo(1.875, 9);
  expect(advice.utilisation).toBeCloseTo(0.1875, 9);
  expect(advice.wait?.mean).toBeLessThan(1);
});

test("jobs that come and wait count as arrived, those that waited before do not", () => {
  const growing = adviseCapacity("scans", stepsOf([100, 100, 100], 1_500, [0, 50, 150]), PRESENT, 30_000);
  expect(growing.arrivals).toEqual({ mean: 30, peak: 40 });
  const shrinking = adviseCapacity("scans", stepsOf([100, 100, 100], 1_500, [150, 50, 0]), PRESENT, 30_000);
  expect(shrinking.arrivals?.mean).toBe(10);
});

test("run times that vary need more slots than equal ones", () => {
  const [equal, varied] = [withTimes([1_500, 1_500]), withTimes([150, 150, 150, 150, 150, 150, 150, 150, 150, 13_650])];
  expect(equal.spread).toBeLessThan(0.6);
  expect(varied.spread).toBeGreaterThan(2);
  expect(varied.slotsNeeded).toBeGreaterThan(equal.slotsNeeded ?? Number.NaN);
});

describe("what is needed", () => {
  test("is what lets 95 of 100 jobs wait no longer than the target at the peak, and no more", () => {
    for (const targetWait of [0, 100, 5_000, 60_000]) {
      const { arrivals, runTime, spread, slotsNeeded, workersNeeded } = adviseCapacity(
        "scans",
        stepsOf([600, 900, 1_200], 1_500),
        PRESENT,
        targetWait,
      );
      const model = { arrivals: (arrivals?.peak ?? 0) / 60_000, service: runTime ?? 0, spread: spread ?? 0 };
      const waitWith = (servers: number): number => waitOfShare({ ...model, servers }, 0.95);
      expect(waitWith(slotsNeeded ?? 0)).toBeLessThanOrEqual(targetWait);
      expect(waitWith((slotsNeeded ?? 0) - 1)).toBeGreaterThan(targetWait);
      expect(workersNeeded).toBe(Math.ceil((slotsNeeded ?? 0) / 5));
    }
  });

  test("waits without end are shown where more comes than can be run", () => {
    const { wait, utilisation, slotsNeeded, text } = adviseCapacity(
      "scans",
      stepsOf([6_000, 6_000, 6_000], 1_500),
      PRESENT,
      30_000,
    );
    expect([wait, utilisation, slotsNeeded]).toEqual([{ mean: null, p95: null }, 3, 31]);
    expect(text).toBe(
      "queue scans: 1200 runs a minute (1200 at the peak) of 2s each, its 10 slots are 300 % busy; 31 slots (7 workers like those) are needed for 95 of 100 jobs to wait 30s at most",
    );
  });

  test("is said where no worker serves the queue, and where its workers serve others", () => {
    const none = adviseCapacity(
      "scans",
      stepsOf([60, 60, 60], 1_500),
      { workers: 0, slots: 0, sharedWith: [] },
      30_000,
    );
    expect(none).toMatchObject({ wait: null, utilisation: null, slotsNeeded: 1, workersNeeded: null });
    expect(none.text).toMatch(/no worker serves it; 1 slot is needed/);
    const shared = adviseCapacity("scans", stepsOf([60, 60, 60], 1_500), { ...PRESENT, sharedWith: ["mails"] }, 30_000);
    expect(shared.text).toMatch(/: enough, 1 slot .* Its workers serve 1 other queue with the same slots$/);
  });
});

test.each([
  ["nothing", stepsOf([], 1)],
  ["few runs", stepsOf([9, 10, 10], 1_500)],
  ["a short time", stepsOf([5_000, 5_000], 1_500)],
])("of %s no advice is drawn", (_what, steps) => {
  const advice = adviseCapacity("scans", steps, PRESENT, 30_000);
  expect(advice).toMatchObject({ arrivals: null, load: null, slotsNeeded: null, workersNeeded: null, slots: 10 });
  expect(advice.text).toMatch(/^queue scans: too little was measured/);
});
