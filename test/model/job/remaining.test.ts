// How long a running job is likely to take still, from the last runs of its task.
import { describe, expect, it } from "vitest";
import { remainingOf, type PastRun } from "../../../src/model/job/report/remaining.js";

const AT_THE_START = { elapsed: 0, progress: null };

function plain(...took: number[]): PastRun[] {
  return took.map((ms) => ({ took: ms, endedAfter: [] }));
}

function reached(elapsed: number, endedAfter: readonly number[], items: [done: number, total: number] | null = null) {
  const shown = items === null ? null : { done: items[0], failed: 0, total: items[1] };
  return { elapsed, progress: { done: endedAfter.length, items: shown, endedAfter } };
}

describe("what is left of a run", () => {
  it("is what the middle one of the last runs took, less the time it has run", () => {
    expect(remainingOf({ elapsed: 10_000, progress: null }, plain(28_000, 30_000, 32_000))).toEqual({
      ms: 20_000,
      from: 19_000,
      to: 21_000,
      runs: 3,
    });
  });

  it("is drawn from those runs that took longer than it has by now", () => {
    const past = plain(1_000, 1_100, 60_000, 61_000, 62_000);
    expect(remainingOf({ elapsed: 20_000, progress: null }, past)).toMatchObject({ ms: 41_000, runs: 3 });
  });

  it("is not given by fewer than three of them, nor by none", () => {
    expect(remainingOf(AT_THE_START, plain(5_000, 5_000))).toBeNull();
    expect(remainingOf({ elapsed: 6_000, progress: null }, plain(5_000, 5_000, 5_000))).toBeNull();
    expect(remainingOf(AT_THE_START, [])).toBeNull();
  });

  it("is not given when they differ by more than the answer", () => {
    expect(remainingOf(AT_THE_START, plain(1_000, 10_000, 30_000))).toBeNull();
    expect(remainingOf(AT_THE_START, plain(8_000, 10_000, 12_000))).not.toBeNull();
  });

  it("is what came after the step it has reached, however long that step took this time", () => {
    const past = [1, 2, 3].map(() => ({ took: 50_000, endedAfter: [10_000, 45_000, 50_000] }));
    // Its first step took four times as long.
    expect(remainingOf(reached(40_000, [40_000]), past)?.ms).toBe(40_000);
    expect(remainingOf(reached(45_000, [40_000]), past)?.ms).toBe(35_000);
    expect(remainingOf(reached(80_000, [40_000, 78_000]), past)?.ms).toBe(3_000);
  });

  it("follows its own pace in a step over items, and earlier runs after it", () => {
    const past = [1, 2, 3].map(() => ({ took: 30_000, endedAfter: [10_000, 25_000] }));
    // 20 of 80 items took 40 s; the step after them takes 5 s.
    expect(remainingOf(reached(50_000, [10_000], [20, 80]), past)?.ms).toBe(125_000);
    expect(remainingOf(reached(10_000, [10_000], [0, 80]), past)?.ms).toBe(20_000);
  });

  it("counts steps of an earlier run as done, and leaves out runs that began beyond the step it has reached", () => {
    const went = { took: 20_000, endedAfter: [10_000, 20_000] };
    const resumed = { took: 10_000, endedAfter: [0, 10_000] };
    expect(remainingOf(reached(1_000, [0]), [went, resumed, resumed])).toMatchObject({ ms: 9_000, runs: 3 });
    expect(remainingOf(reached(1_000, []), [went, resumed, resumed])).toBeNull();
  });

  it("leaves out runs that had fewer steps than it has done", () => {
    const short = { took: 9_000, endedAfter: [9_000] };
    expect(remainingOf(reached(10_000, [5_000, 10_000]), [short, short, short])).toBeNull();
  });
});
