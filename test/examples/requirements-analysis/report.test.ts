// The numbers of a summary, and what the three forms of the report say.

import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";

import { selectAnalysers } from "../../../examples/requirements-analysis/analysers/registry.js";
import type { Finding, Severity } from "../../../examples/requirements-analysis/finding.js";
import { markdownReport } from "../../../examples/requirements-analysis/markdown-report.js";
import { milliseconds, percentiles, summarise, summaryLine } from "../../../examples/requirements-analysis/report.js";
import type { JobOutcome, RunOutcome } from "../../../examples/requirements-analysis/report.js";
import { terminalReport } from "../../../examples/requirements-analysis/terminal-report.js";

function issue(analyser: string, severity: Severity, quote = "fast"): Finding {
  return { analyser, severity, quote, offset: 0, explanation: `“${quote}” has no limit.` };
}

function job(requirementId: string, findings: Finding[], more: Partial<JobOutcome> = {}): JobOutcome {
  const text = `Text of ${requirementId} with a | and <b>.`;
  const state = "completed";
  const issues = findings.length;
  return {
    requirementId,
    text,
    state,
    findings,
    issues,
    unread: [],
    waitMs: 10,
    runMs: 2,
    error: undefined,
    resumed: false,
    ...more,
  };
}

const run: RunOutcome = {
  engine: "sqlite",
  source: "my.csv",
  startedAt: new Date("2026-11-20T10:00:00Z"),
  wallMs: 2000,
  concurrency: 5,
  jobs: [
    job("A", [issue("R-A", "medium"), issue("R-A", "medium")], { waitMs: 5, runMs: 1 }),
    job("B", [issue("R-F", "high"), issue("R-A", "low")], { waitMs: 100, runMs: 9 }),
    job("C", []),
    job("D", [], { state: "failed", error: "timeout: took longer than 60 s", runMs: undefined }),
    job("E", [issue("R-A", "low")], { resumed: true, waitMs: 99_999, runMs: 99_999 }),
    job("F", [issue("R-F", "low")], {
      state: "partial",
      unread: [
        { analyser: "R-A", reason: "no word" },
        { analyser: "R-R", reason: "too short" },
        { analyser: "R-W", reason: "no word" },
      ],
    }),
    job("G", [], { state: "superseded" }),
  ],
  earlier: { jobs: 5, issues: 9 },
};
const summary = summarise(run, selectAnalysers(["R-A", "R-F", "R-W"]));

test("jobs by state, issues, and requirements without any", () => {
  expect(summary).toMatchObject({ jobs: 7, completed: 4, partial: 1, failed: 1, superseded: 1, resumed: 1 });
  expect(summary).toMatchObject({ issues: 6, affected: 4, clean: 1 });
});

test("jobs by the words of the example", () => {
  expect(summary.counts).toEqual({ finished: 4, Partial: 1, failed: 1, Superseded: 1 });
});

test("what could not be read, the analysers with one reason together", () => {
  expect(summary.unread).toEqual([
    { id: "F", analysers: ["R-A", "R-W"], reason: "no word" },
    { id: "F", analysers: ["R-R"], reason: "too short" },
  ]);
});

test("issues and requirements per analyser, also where there are none", () => {
  const totals = summary.perAnalyser.map(({ analyser, issues, requirements }) => [analyser.code, issues, requirements]);
  expect(totals).toEqual([
    ["R-A", 4, 3],
    ["R-F", 2, 2],
    ["R-W", 0, 0],
  ]);
});

test("the worst requirements come first, those without issues not at all", () => {
  expect(summary.worst.map(({ id, score }) => [id, score])).toEqual([
    ["B", 6],
    ["A", 4],
    ["E", 1],
    ["F", 1],
  ]);
});

test("at most ten worst requirements", () => {
  const many = Array.from({ length: 12 }, (_, index) => job(`R-${index}`, [issue("R-A", "low")]));
  expect(summarise({ ...run, jobs: many }, []).worst).toHaveLength(10);
});

test("throughput and timing count this run's jobs only", () => {
  expect(summary.jobsPerSecond).toBe(3);
  expect(summary.wait).toEqual({ p50: 10, p95: 100 });
  expect(summary.run).toEqual({ p50: 2, p95: 9 });
});

test("percentiles by nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  expect(percentiles(hundred)).toEqual({ p50: 50, p95: 95 });
  expect(percentiles([7, undefined])).toEqual({ p50: 7, p95: 7 });
  expect(percentiles([])).toEqual({ p50: undefined, p95: undefined });
});

test("the JSON line has the documented fields and no others", () => {
  expect(JSON.parse(summaryLine(summary))).toEqual({
    engine: "sqlite",
    jobs: 7,
    completed: 4,
    partial: 1,
    failed: 1,
    superseded: 1,
    issues: 6,
    earlierJobsSuperseded: 5,
    earlierIssuesSuperseded: 9,
    wallMs: 2000,
    jobsPerSecond: 3,
  });
});

test("the terminal report names totals, analysers, the worst and the failed", () => {
  const text = stripVTControlCharacters(terminalReport(summary));
  expect(text).toContain("7 requirements from my.csv, analysed on sqlite");
  expect(text).toContain("4 finished, 1 Partial, 1 failed, 1 Superseded, 1 of them finished before this run was");
  expect(text).toContain("The run before: 5 jobs Superseded, 9 issues with them");
  expect(text).toContain("F  R-A R-W  no word\n  F  R-R  too short");
  expect(text).toMatch(/R-A {2}Ambiguous words +4 {2}█{30}\n/);
  expect(text).toMatch(/ 6 {2}B {2}Text of B .* R-F R-A\n/);
  expect(text).toContain("D  timeout: took longer than 60 s");
  expect(text).toContain("2 s in all, 3 jobs/s with 5 worker slots");
});

test("the Markdown report explains each rule and cites the worst", () => {
  const text = markdownReport(summary);
  expect(text).toContain("2026-11-20 10:00 UTC · my.csv · Longshore on the sqlite engine, 5 worker slots");
  expect(text).toContain(
    "| requirements | finished | Partial | failed | Superseded | issues | with issues | without issues |",
  );
  expect(text).toContain("| 7 | 4 | 1 | 1 | 1 | 6 | 4 | 1 |");
  expect(text).toContain("Of the run before, 5 jobs are superseded and 9 issues with them.");
  expect(text).toContain("| F | R-A R-W | no word |");
  expect(text).toMatch(/\| R-F \| Missing outcome \| 2 \| 2 \| A requirement says what can be observed .* \|/);
  expect(text).toContain("### 1. B (score 6)");
  expect(text).toContain("- **R-F** high: “fast” has no limit.");
  expect(text).toContain("| wait (enqueue to start) | 10 ms | 100 ms |");
});

test("nothing in a requirement becomes Markdown or HTML", () => {
  expect(markdownReport(summary)).toContain("> Text of B with a \\| and \\<b\\>.");
});

test("durations for people", () => {
  expect([undefined, 0.25, 9.94, 12.6, 2440].map(milliseconds)).toEqual(["–", "0.3 ms", "9.9 ms", "13 ms", "2.4 s"]);
});
