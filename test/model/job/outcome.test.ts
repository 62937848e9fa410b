import { describe, expect, test } from "vitest";
import { plainFailure } from "../../../src/model/failure/failure.js";
import { CRASH_LIMIT } from "../../../src/model/job/job.js";
import { canMove } from "../../../src/model/job/state.js";
import { judge, judgeCrash } from "../../../src/model/job/outcome.js";

const fresh = { counted: 0, attempts: 3, crashes: 0, waiting: 0 };
const error = plainFailure("Error", "boom", "E");
const fail = (retryIn: number | null) => ({ kind: "fail", error, retryIn }) as const;

describe("what becomes of a run", () => {
  test.each([
    ["completes", fresh, { kind: "complete" } as const, "completed", true],
    ["half succeeds", fresh, { kind: "partial" } as const, "partial", true],
    ["fails and waits", fresh, fail(5_000), "delayed", true],
    ["fails and goes on at once", fresh, fail(0), "queued", true],
    ["fails for good", fresh, fail(null), "failed", true],
    ["fails the last time", { ...fresh, counted: 2 }, fail(5_000), "failed", true],
    ["fails the last but one time", { ...fresh, counted: 1 }, fail(5_000), "delayed", true],
    ["is snoozed", fresh, { kind: "snooze", delay: 9 } as const, "delayed", false],
    ["is snoozed for no time", fresh, { kind: "snooze", delay: 0 } as const, "queued", false],
    ["is handed back", fresh, { kind: "return" } as const, "queued", false],
  ])("that %s", (_title, run, outcome, state, counts) => {
    const verdict = judge(run, outcome);
    expect([verdict.state, verdict.counts]).toEqual([state, counts]);
    expect(canMove("active", verdict.state, verdict.cause)).toBe(true);
  });

  test("goes to the head when it is handed back, and to the tail otherwise", () => {
    expect(judge(fresh, { kind: "return" }).place).toBe("head");
    expect(judge(fresh, fail(0)).place).toBe("tail");
    expect(judge(fresh, { kind: "snooze", delay: 0 }).place).toBe("tail");
  });

  test("is due after the time asked for", () => {
    expect(judge(fresh, fail(1_234)).delay).toBe(1_234);
    expect(judge(fresh, { kind: "snooze", delay: 77 }).delay).toBe(77);
  });
});

describe("what becomes of a run whose worker died", () => {
  test("is another one, uncounted, at the tail", () => {
    expect(judgeCrash(fresh)).toMatchObject({ state: "queued", counts: false, place: "tail", outcome: "crashed" });
  });

  test(`is failure at the death of worker number ${CRASH_LIMIT}, whatever attempts are left`, () => {
    expect(judgeCrash({ ...fresh, crashes: CRASH_LIMIT - 2 }).state).toBe("queued");
    expect(judgeCrash({ ...fresh, crashes: CRASH_LIMIT - 1 }).state).toBe("failed");
  });
});
