import { describe, expect, test } from "vitest";
import { InvalidInput } from "../../../src/model/errors/errors.js";
import { DEFAULT_RETENTION, parseRetention } from "../../../src/model/job/retention.js";

const DAY = 86_400_000;

describe("retention", () => {
  test("keeps completed jobs for a day and failed ones for a week when nothing is said", () => {
    expect(DEFAULT_RETENTION).toEqual({ completed: { age: DAY, count: null }, failed: { age: 7 * DAY, count: null } });
    expect(parseRetention("keep", {})).toEqual(DEFAULT_RETENTION);
  });

  test("takes a bare number for a count, beside the usual age", () => {
    expect(parseRetention("keep", { completed: 100, failed: 50 })).toEqual({
      completed: { age: DAY, count: 100 },
      failed: { age: 7 * DAY, count: 50 },
    });
  });

  test("takes an age, a count, or both", () => {
    expect(parseRetention("keep", { completed: { age: "1h" }, failed: { age: 0, count: 0 } })).toEqual({
      completed: { age: 3_600_000, count: null },
      failed: { age: 0, count: 0 },
    });
    expect(parseRetention("keep", { completed: { count: 5 } }).completed).toEqual({ age: DAY, count: 5 });
    expect(parseRetention("keep", { completed: "90m" }).completed).toEqual({ age: 5_400_000, count: null });
  });

  test.each([
    ["no object", 100, "keep"],
    ["a list", [], "keep"],
    ["an unknown outcome", { cancelled: 5 }, "keep.cancelled"],
    ["a misspelt rule", { completed: { ages: "1h" } }, "keep.completed.ages"],
    ["a negative count", { completed: -1 }, "keep.completed"],
    ["half a job", { failed: { count: 0.5 } }, "keep.failed.count"],
    ["too many jobs", { failed: 1_000_001 }, "keep.failed"],
    ["an age that is rubbish", { completed: { age: "long" } }, "keep.completed.age"],
    ["a rule that is none", { completed: "soon" }, "keep.completed"],
  ])("may not be %s", (_title, value, field) => {
    expect(() => parseRetention("keep", value)).toThrow(InvalidInput);
    expect(() => parseRetention("keep", value)).toThrow(expect.objectContaining({ field }));
  });
});
