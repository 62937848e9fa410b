import { expect, test } from "vitest";
import { describeFalls, fallsOf, isChecked } from "../../bench/check.js";
import type { Result } from "../../bench/report.js";

function result(given: Partial<Result>): Result {
  return {
    system: "longshore-redis",
    scenario: "run-100",
    durability: "none",
    median: 100_000,
    min: 90_000,
    max: 110_000,
    unit: "jobs/s",
    better: "more",
    rounds: 5,
    jobs: 20_000,
    ratioToBullmq: 8,
    ratioToCeiling: 0.5,
    ...given,
  };
}

const pickup = { scenario: "pickup p50", unit: "ms", better: "less", ratioToBullmq: 0.8 } as const;

test.each([
  ["more is better and it fell by a quarter", {}, 6],
  ["more is better and it rose", {}, 20],
  ["less is better and it rose by a quarter", pickup, 1],
  ["less is better and it fell", pickup, 0.2],
])("nothing is wrong when %s", (_what, kept, ratioToBullmq) => {
  expect(fallsOf([result(kept)], [result({ ...kept, ratioToBullmq })])).toEqual([]);
});

test.each([
  ["more is better and it fell by more", {}, 8, 5.9],
  ["less is better and it rose by more", pickup, 0.8, 1.01],
])("it is reported when %s", (_what, given, kept, now) => {
  const falls = fallsOf([result(given)], [result({ ...given, ratioToBullmq: now })]);
  expect(falls).toEqual([{ ...falls[0], kept, now }]);
  expect(falls).toHaveLength(1);
});

test("a scenario that is not measured any more is reported", () => {
  const falls = fallsOf([result({})], []);
  expect(falls).toEqual([{ system: "longshore-redis", scenario: "run-100", durability: "none", kept: 8, now: null }]);
  expect(describeFalls(falls)).toContain("not measured");
});

test("each durability is compared with its own", () => {
  const aof = { durability: "aof everysec", ratioToBullmq: 5 };
  expect(fallsOf([result({}), result(aof)], [result(aof), result({})])).toEqual([]);
});

test("other systems may fall, and what had no ratio is not compared", () => {
  const kept = [result({ system: "bee-queue" }), result({ ratioToBullmq: null })];
  expect(fallsOf(kept, [])).toEqual([]);
});

test("what a quick run cannot measure well is not compared", () => {
  expect(fallsOf([result({ scenario: "idle cpu", better: "less" })], [])).toEqual([]);
});

test("the check needs our systems, bullmq and the ceilings", () => {
  const names = ["longshore-redis", "longshore-sqlite-full", "bullmq", "bee-queue", "rq", "ceiling-sqlite"];
  expect(names.filter(isChecked)).toEqual(["longshore-redis", "longshore-sqlite-full", "bullmq", "ceiling-sqlite"]);
});
