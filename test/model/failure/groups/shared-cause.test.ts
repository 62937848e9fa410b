// When many failures have one cause, and what is said of it.
import { describe, expect, it } from "vitest";
import { TimedOut } from "longshore";
import type { FailureGroup } from "../../../../src/model/failure/group.js";
import { mergeGroups } from "../../../../src/model/failure/groups/merged-group.js";
import { sharedCauses, type SharedCause } from "../../../../src/model/failure/groups/shared-cause.js";

const HOUR = 3_600_000;
const NOW = 100 * HOUR;

/** A group of so many failures this hour. */
function groupOf(fingerprint: string, runs: number, change: Partial<FailureGroup> = {}): FailureGroup {
  return {
    ...{ queue: "a", fingerprint, name: "Error", message: "boom", code: null, runs, firstAt: 5, lastAt: NOW },
    ...{ state: "open", changedAt: null, changedBy: null, tasks: ["scan"], versions: [], samples: [], filed: 0 },
    hours: [{ at: NOW, count: runs }],
    ...change,
  };
}

function causesOf(...groups: FailureGroup[]): SharedCause[] {
  return sharedCauses(mergeGroups(groups), NOW - HOUR);
}

const namesOf = (causes: readonly SharedCause[]): string[] => causes.map(({ fingerprint }) => fingerprint);

describe("a shared cause", () => {
  it("is what fails three tasks, in whatever queues", () => {
    const tasks = ["embed", "rank"];
    expect(namesOf(causesOf(groupOf("f", 2, { tasks }), groupOf("g", 100)))).toEqual(["g"]);
    expect(causesOf(groupOf("f", 2, { tasks }), groupOf("f", 1, { queue: "b" }), groupOf("g", 100))).toMatchObject([
      { fingerprint: "g", runs: 100, of: 103 },
      { fingerprint: "f", runs: 3, of: 103, tasks: ["embed", "rank", "scan"] },
    ]);
  });

  it("is what has three fifths of five failures or more", () => {
    expect(namesOf(causesOf(groupOf("f", 3), groupOf("g", 2)))).toEqual(["f"]);
    expect(namesOf(causesOf(groupOf("f", 59), groupOf("g", 41)))).toEqual([]);
    expect(namesOf(causesOf(groupOf("f", 4)))).toEqual([]);
  });

  it("is of late: what failed before is not counted", () => {
    const before = { hours: [{ at: NOW - 3 * HOUR, count: 100 }], tasks: ["a", "b", "c"] };
    expect(namesOf(causesOf(groupOf("f", 100, before), groupOf("g", 5)))).toEqual(["g"]);
    // Hours are counted whole: the one in which the time begins, too.
    expect(sharedCauses(mergeGroups([groupOf("f", 5)]), NOW + HOUR - 1)).toHaveLength(1);
    expect(sharedCauses(mergeGroups([groupOf("f", 5)]), NOW + HOUR)).toEqual([]);
  });

  it("is not what is said to be resolved, nor what follows from other failures", () => {
    const dependent = { code: "DEPENDENCY_FAILED", tasks: ["a", "b", "c"] };
    expect(namesOf(causesOf(groupOf("f", 10, { state: "resolved" })))).toEqual([]);
    expect(causesOf(groupOf("f", 50, dependent), groupOf("g", 5))).toMatchObject([
      { fingerprint: "g", runs: 5, of: 5 },
    ]);
  });
});

describe("the hint", () => {
  it.each([
    [{ message: "Incorrect API key provided" }, /a key or token may be missing, wrong or expired\.$/],
    [{ code: "401" }, /a key or token/],
    [{ code: "429" }, /a quota may be used up/],
    [{ message: "Rate limit reached for requests" }, /a quota may be used up/],
    [{ message: "The model `m-1` does not exist" }, /a model may not exist/],
    [{ code: "ECONNREFUSED" }, /a service may be down/],
    [{ name: "TypeError", message: "fetch failed" }, /a service may be down/],
    [{ code: new TimedOut(30_000).code }, /slow\.$/],
    [{ code: "ENOSPC" }, /a disk may be full\.$/],
    [{ code: "OUT_OF_MEMORY" }, /more memory/],
    [{ message: "Cannot find module 'x'" }, /may be missing where the workers run/],
    [{}, /look for what their jobs have in common\.$/],
  ])("of %j says %s", (change, hint) => {
    const [cause] = causesOf(groupOf("f", 5, change));
    expect(cause?.hint).toMatch(hint);
  });

  it("is a sentence with the error, and how much of what failed it is", () => {
    const change = { name: "AuthError", message: "invalid key", code: "401", tasks: ["embed", "rank"] };
    const [cause] = causesOf(groupOf("f", 42, change), groupOf("g", 8));
    expect(cause?.hint).toBe(
      '42 of the last 50 failed runs, of 2 tasks, ended with "AuthError: invalid key": a key or token may be missing, wrong or expired.',
    );
  });
});
