import { expect, test } from "vitest";
import { notMeasured } from "../../bench/not-measured.js";
import type { Report, Result } from "../../bench/report.js";
import { markdownOf, tableOf } from "../../bench/table.js";

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

function report(given: Partial<Report>): Report {
  const names = ["run-100", "retry", "pickup"];
  const scenarios = names.map((id) => ({ id, what: `does ${id}`, measures: [id] }));
  return {
    machine: { cpu: "a CPU", cpus: 2, memoryGb: 8, os: "linux", node: "v20.19.0", redis: "7.4.1", postgres: null },
    settings: { date: "2030-01-02", quick: true, method: "Rounds.", systems: [], scenarios },
    results: [],
    skipped: [],
    ...given,
  };
}

function skip(system: string, scenario: string, reason: string): Report["skipped"][number] {
  return { system, scenario, reason };
}

function titlesOf(markdown: string): string[] {
  return markdown.split("\n").filter((line) => line.startsWith("| measure") || line.startsWith("| system"));
}

test("a scenario with one measure is a table with its ratios", () => {
  const markdown = markdownOf(report({ results: [result({})] }));
  expect(markdown).toContain(
    "# Benchmark, 2030-01-02 (quick)\n\na CPU, 2 CPUs, 8 GB; linux; Node v20.19.0; Redis 7.4.1.",
  );
  expect(markdown).toContain("## run-100\n\ndoes run-100.\n");
  expect(markdown).toMatch(/\| longshore-redis \| none +\| 100,000 \| 90,000 – 110,000 \| jobs\/s \| +5 × 20,000 \|/);
  expect(titlesOf(markdown)[0]).toMatch(/× bullmq \| × ceiling \|$/);
  expect(markdown).not.toContain("## retry");
});

test("the measures of a scenario are rows of one table, in the order of the scenario", () => {
  const scenarios = [{ id: "pickup", what: "begins", measures: ["pickup p50", "pickup p99"] }];
  const better = "less";
  const results = ["longshore-redis", "bullmq"].flatMap((system) => [
    result({ system, better, scenario: "pickup p50", ratioToCeiling: null }),
    result({ system, better, scenario: "pickup p99", ratioToCeiling: null }),
  ]);
  const markdown = markdownOf(report({ settings: { ...report({}).settings, scenarios }, results }));
  const rows = markdown.split("\n").filter((line) => line.startsWith("| pickup"));
  expect(rows.map((row) => row.split(" | ").slice(0, 2).join(" ").slice(2))).toEqual([
    expect.stringMatching(/^pickup p50 longshore-redis/),
    expect.stringMatching(/^pickup p50 bullmq/),
    expect.stringMatching(/^pickup p99 longshore-redis/),
    expect.stringMatching(/^pickup p99 bullmq/),
  ]);
  expect(markdown).toContain("begins. Less is better.");
  expect(titlesOf(markdown)[0]).toMatch(/^\| measure.*× bullmq \|$/);
});

test("what was not measured is reported in few rows", () => {
  const rows = notMeasured(
    report({
      skipped: [
        skip("rq", "retry", "only in the full run"),
        skip("rq", "pickup", "only in the full run"),
        skip("bee-queue", "retry", "only in the full run"),
        skip("bee-queue", "pickup", "only in the full run"),
        skip("sidekiq", "retry", "it waits"),
        skip("pg-boss", "all", "PostgreSQL is not installed"),
      ],
    }),
  );
  expect(rows).toEqual([
    ["rq, bee-queue", "all but run-100", "only in the full run"],
    ["sidekiq", "retry", "it waits"],
    ["pg-boss", "all", "PostgreSQL is not installed"],
  ]);
});

test("a cell keeps to its line and column", () => {
  expect(tableOf(["why"], [["it\nended | so"]], [])).toEqual([
    "| why            |",
    "| -------------- |",
    "| it ended \\| so |",
  ]);
});
