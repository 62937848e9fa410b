import { expect, test } from "vitest";
import type { Sample } from "../../bench/measurement.js";
import type { Cell } from "../../bench/plan.js";
import { resultsOf } from "../../bench/report.js";
import type { Scenario } from "../../bench/scenario.js";

const scenario: Scenario = {
  id: "run-100",
  what: "runs jobs",
  measures: [{ name: "run-100", unit: "jobs/s", better: "more" }],
  round: () => Promise.resolve({}),
};

function sample(system: string, store: Cell["store"], durability: string, values: readonly number[]): Sample {
  return { cell: { system, store, durability }, scenario, jobs: 1_000, values: new Map([["run-100", values]]) };
}

test("ratios are between medians, on Redis of the same durability", () => {
  const results = resultsOf([
    sample("longshore-redis", "redis", "none", [900, 1_000, 5_000]),
    sample("longshore-redis", "redis", "aof everysec", [600]),
    sample("bullmq", "redis", "none", [100]),
    sample("bullmq", "redis", "aof everysec", [50]),
    sample("ceiling-redis", "redis", "none", [2_000]),
    sample("longshore-sqlite-full", "sqlite", "full", [300]),
    sample("ceiling-sqlite", "sqlite", "normal", [3_000]),
    sample("pg-boss", "postgres", "synchronous_commit on", [20]),
    sample("longshore-memory", "memory", "none", [4_000]),
  ]);
  const ratios = results.map(({ system, durability, ratioToBullmq, ratioToCeiling }) => [
    `${system} ${durability}`,
    ratioToBullmq,
    ratioToCeiling,
  ]);
  expect(ratios).toEqual([
    ["longshore-redis none", 10, 0.5],
    ["longshore-redis aof everysec", 12, null],
    ["bullmq none", 1, 0.05],
    ["bullmq aof everysec", 1, null],
    ["ceiling-redis none", 20, 1],
    ["longshore-sqlite-full full", 3, 0.1],
    ["ceiling-sqlite normal", 30, 1],
    ["pg-boss synchronous_commit on", 0.2, null],
    ["longshore-memory none", 40, null],
  ]);
});

test("without bullmq in the run there is no ratio to it", () => {
  const [result] = resultsOf([sample("longshore-redis", "redis", "none", [5, 7])]);
  expect(result).toMatchObject({ median: 6, min: 5, max: 7, rounds: 2, jobs: 1_000, ratioToBullmq: null });
});
