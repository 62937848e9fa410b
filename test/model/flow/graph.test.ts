// The orders and the progress of a flow's jobs: pure functions of records.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf, inOrder, toRetry } from "../../../src/model/flow/graph.js";
import { flowProgress } from "../../../src/model/flow/flow-progress.js";
import type { JobRecord } from "../../../src/model/job/job.js";
import { NO_PROGRESS } from "../../../src/model/job/progress.js";
import { STATES, type JobState } from "../../../src/model/job/state.js";
import { levelsOf } from "../../../src/model/value/levels.js";

interface Sketch {
  readonly state?: JobState;
  readonly percent?: number;
  readonly weight?: number;
  readonly parent?: string | null;
  readonly ifFailed?: "fail" | "continue";
  readonly after?: readonly string[];
}

/** The stored job of a node, as far as it matters here. */
function record(node: string, sketch: Sketch = {}): JobRecord {
  const { state = "queued", percent = 0, weight = 1, parent = null, ifFailed = "fail", after = [] } = sketch;
  return {
    queue: "q",
    id: node,
    task: node,
    state,
    progress: { ...NO_PROGRESS, percent },
    flow: { queue: "q", id: "flow", node, parent, weight, ifFailed },
    after: after.map((id) => ({ queue: "q", id, ifFailed: "fail" })),
  } as unknown as JobRecord;
}

function percentOf(members: readonly JobRecord[], state: JobState = "blocked"): number {
  const flow = record("flow", { state });
  const known = members.map(({ queue, id }) => ({ queue, id, ifFailed: "fail", state: null }) as const);
  return flowProgress({ flow, known, members }).percent;
}

describe("levels", () => {
  it("put each thing after what it waits for, in the order given, and name what waits in a circle", () => {
    const waits: Record<string, string[]> = {
      d: ["b", "c"],
      c: ["a"],
      b: ["a", "elsewhere"],
      a: [],
      x: ["y"],
      y: ["x"],
      z: ["y"],
    };
    const { levels, circular } = levelsOf(["d", "c", "b", "a", "x", "y", "z"], (thing) => waits[thing] ?? []);

    expect(levels).toEqual([["a"], ["c", "b"], ["d"]]);
    expect(circular).toEqual(["x", "y", "z"]);
    const crossed: Record<string, string[]> = { late: ["first"], early: ["second"] };
    expect(levelsOf(["first", "second", "early", "late"], (thing) => crossed[thing] ?? []).levels[1]).toEqual([
      "early",
      "late",
    ]);
  });
});

describe("the order of a flow's jobs", () => {
  it("has each after those it waits for and the one that added it; that of a retry has it before that one", () => {
    const members = [
      record("join", { after: ["fan"], state: "failed" }),
      record("fan.0", { parent: "fan", state: "failed", ifFailed: "continue" }),
      record("fan.1", { parent: "fan", state: "completed", ifFailed: "continue" }),
      record("fan", { after: ["start"], state: "failed" }),
      record("start", { state: "completed" }),
    ];

    expect(inOrder(members).map(({ id }) => id)).toEqual(["start", "fan", "join", "fan.0", "fan.1"]);
    expect(toRetry(members).map((level) => level.map(({ id }) => id))).toEqual([["fan.0"], ["fan"], ["join"]]);
  });

  it("leaves no job out, whatever waits for whatever", () => {
    const nodes = ["a", "b", "c", "d"];
    const arbitrary = fc.record({
      state: fc.constantFrom(...STATES),
      parent: fc.constantFrom(null, ...nodes),
      after: fc.subarray(nodes),
    });
    fc.assert(
      fc.property(fc.tuple(arbitrary, arbitrary, arbitrary, arbitrary), (sketches) => {
        const members = sketches.map((sketch, index) => record(nodes[index] ?? "", sketch));
        expect(new Set(inOrder(members))).toEqual(new Set(members));
        expect(graphOf({ flow: record("flow"), known: [], members }).nodes).toHaveLength(4);
        const percent = percentOf(members);
        expect(percent).toBeGreaterThanOrEqual(0);
        expect(percent).toBeLessThanOrEqual(99);
      }),
    );
  });
});

describe("the progress of a flow", () => {
  it("is the mean of its jobs by weight, rounded down", () => {
    expect(percentOf([record("a"), record("b")])).toBe(0);
    expect(percentOf([record("a", { state: "completed" }), record("b", { weight: 2 })])).toBe(33);
    expect(percentOf([record("a", { percent: 50 }), record("b", { percent: 25, weight: 3 })])).toBe(31);
    expect(
      percentOf([record("a", { weight: 0.1, state: "completed" }), record("b", { weight: 0.2, percent: 50 })]),
    ).toBe(66);
    expect(percentOf([])).toBe(0);
  });

  it("is 100 once the flow has ended well, and never before", () => {
    const all = [record("a", { state: "completed" }), record("b", { state: "partial" })];

    expect(percentOf(all)).toBe(99);
    expect(percentOf(all, "completed")).toBe(100);
    expect(percentOf([record("a", { state: "failed", percent: 10 })], "partial")).toBe(100);
    expect(
      percentOf([record("a", { state: "completed" }), record("b", { state: "failed", percent: 10 })], "failed"),
    ).toBe(55);
  });

  it("gives what a node adds a share in that node's weight", () => {
    const added = [
      record("fan", { weight: 3, percent: 99 }),
      record("fan.0", { parent: "fan", state: "completed" }),
      record("fan.1", { parent: "fan", percent: 50 }),
      record("fan.1.x", { parent: "fan.1", percent: 50 }),
      record("other"),
    ];

    // Of fan: itself 0.99, one 1, one 0.5 as is what that one added.
    expect(percentOf(added)).toBe(Math.floor(((3 * (0.99 + 1 + 0.5)) / 3 / 4) * 100));
  });

  it("takes a job that may fail as done when it has ended, unless it was cancelled", () => {
    const states: readonly JobState[] = ["failed", "expired", "cancelled", "active"];
    const percents = states.map((state) =>
      percentOf([record("a", { ifFailed: "continue", state, percent: 40 }), record("b")]),
    );

    expect(percents).toEqual([50, 50, 20, 20]);
  });
});
