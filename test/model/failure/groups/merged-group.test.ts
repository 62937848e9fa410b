// The groups of many queues as one: counts added up, the state that matters most, the latest error.
import { describe, expect, it } from "vitest";
import type { FailureGroup } from "../../../../src/model/failure/group.js";
import { mergeGroup, mergeGroups } from "../../../../src/model/failure/groups/merged-group.js";

const HOUR = 3_600_000;

function groupOf(queue: string, change: Partial<FailureGroup> = {}): FailureGroup {
  return {
    ...{ queue, fingerprint: "f", name: "Error", message: "boom", code: null, runs: 1, firstAt: 5, lastAt: 5 },
    ...{ state: "open", changedAt: null, changedBy: null, tasks: ["scan"], versions: [], samples: [`${queue}-1`] },
    ...{ hours: [{ at: 0, count: 1 }], filed: 1 },
    ...change,
  };
}

const version = { task: "scan", appVersion: "1.0", environment: null, version: null };

describe("groups of several queues with one fingerprint", () => {
  it("are added up; what is said of the error is what the latest says", () => {
    const a = groupOf("a", { runs: 3, filed: 2, firstAt: 1, lastAt: 9, message: "old", versions: [version] });
    const b = groupOf("b", { runs: 4, firstAt: 7, lastAt: HOUR, message: "new", tasks: ["embed", "scan"] });
    const hours = [
      { at: 0, count: 2 },
      { at: HOUR, count: 2 },
    ];
    const merged = mergeGroup([a, { ...b, hours, versions: [{ ...version }, { ...version, appVersion: "2.0" }] }]);

    expect(merged).toMatchObject({ runs: 7, filed: 3, firstAt: 1, lastAt: HOUR, message: "new" });
    expect(merged?.queues.map(({ queue, runs }) => [queue, runs])).toEqual([
      ["b", 4],
      ["a", 3],
    ]);
    expect(merged?.tasks).toEqual(["embed", "scan"]);
    expect(merged?.versions).toEqual([version, { ...version, appVersion: "2.0" }]);
    expect(merged?.samples).toEqual([
      { queue: "b", id: "b-1" },
      { queue: "a", id: "a-1" },
    ]);
    expect(merged?.hours).toEqual([
      { at: 0, count: 3 },
      { at: HOUR, count: 2 },
    ]);
  });

  it("have ten samples and versions, the latest, however many queues there are", () => {
    const groups = Array.from({ length: 30 }, (_none, index) => {
      const versions = [{ ...version, appVersion: String(index) }];
      return groupOf(`q${index}`, { lastAt: index, versions });
    });
    const merged = mergeGroup(groups);

    expect(merged?.samples.map(({ id }) => id)).toEqual([29, 28, 27, 26, 25, 24, 23, 22, 21, 20].map((n) => `q${n}-1`));
    expect(merged?.versions).toHaveLength(10);
    expect(merged?.queues).toHaveLength(30);
  });

  it.each([
    { states: ["open", "regressed", "acknowledged"], state: "regressed" },
    { states: ["resolved", "open", "acknowledged"], state: "open" },
    { states: ["resolved", "acknowledged"], state: "acknowledged" },
    { states: ["resolved", "resolved"], state: "resolved" },
  ] as const)("are $state when they are $states", ({ states, state }) => {
    const groups = states.map((one, index) => {
      return groupOf(`q${index}`, { state: one, changedAt: index + 1, changedBy: `by ${index}` });
    });
    const at = states.lastIndexOf(state as never);

    expect(mergeGroup(groups)).toMatchObject({ state, changedAt: at + 1, changedBy: `by ${at}` });
  });

  it("are none where there are none", () => {
    expect(mergeGroup([])).toBeNull();
    expect(mergeGroups([])).toEqual([]);
  });
});

it("groups are listed by when they were seen last in any queue, and in one order where that is the same time", () => {
  const groups = [
    groupOf("a", { fingerprint: "x", lastAt: 5 }),
    groupOf("a", { fingerprint: "y", lastAt: 7 }),
    groupOf("b", { fingerprint: "x", lastAt: 9 }),
    groupOf("b", { fingerprint: "z", lastAt: 7 }),
  ];
  const order = ["x", "z", "y"];

  expect(mergeGroups(groups).map(({ fingerprint }) => fingerprint)).toEqual(order);
  expect(mergeGroups(groups.toReversed()).map(({ fingerprint }) => fingerprint)).toEqual(order);
});
