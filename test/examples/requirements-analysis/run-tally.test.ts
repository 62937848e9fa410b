// The numbers of the progress line, from events and outcomes.

import { expect, test } from "vitest";
import type { JobState, Progress, WatchEvent } from "longshore";

import type { JobOutcome } from "../../../examples/requirements-analysis/report.js";
import { RunTally } from "../../../examples/requirements-analysis/run-tally.js";

function outcome(state: JobState, issues: number): JobOutcome {
  const times = { waitMs: 1, runMs: 1, error: undefined, resumed: false };
  return { requirementId: "A", text: "", state, findings: [], issues, unread: [], ...times };
}

function state(id: string, state: JobState): WatchEvent {
  const said = { task: "analyse", attempt: 1, duration: null, fingerprint: null, flow: null } as const;
  return {
    queue: "analysis",
    seq: 1,
    at: 0,
    kind: "state",
    id,
    state,
    cause: state === "active" ? "lease" : "complete",
    ...said,
  };
}

function progress(id: string, step: string | null, done: number, issues: number): WatchEvent {
  const said: Progress = {
    ...{ percent: 0, status: null, message: null, items: null, milestones: [], endedAfter: [] },
    ...{ step, done, total: 8, counters: { issues } },
  };
  return { queue: "analysis", seq: 1, at: 0, kind: "progress", id, progress: said };
}

function tallyOfThree(): RunTally {
  const tally = new RunTally();
  for (const id of ["A", "B", "C"]) tally.add(`run-${id}`, id);
  return tally;
}

test("every job has one status, from queued to its end", () => {
  const tally = tallyOfThree();
  expect(tally.progress).toMatchObject({ done: 0, total: 3, counts: { queued: 3 } });
  tally.see(state("run-A", "active"));
  tally.see(state("run-B", "active"));
  expect(tally.progress.counts).toEqual({ queued: 1, running: 2 });
  tally.see(state("run-A", "partial"));
  expect(tally.progress).toMatchObject({ done: 0, counts: { queued: 1, running: 1, Partial: 1 } });
  tally.end("run-A", outcome("partial", 0));
  expect(tally.progress).toMatchObject({ done: 1, counts: { queued: 1, running: 1, Partial: 1 } });
});

test("a job that waits for its next attempt is queued again", () => {
  const tally = tallyOfThree();
  tally.see(state("run-A", "active"));
  tally.see(state("run-A", "delayed"));
  expect(tally.progress.counts).toEqual({ queued: 3, running: 0 });
});

test("issues count while a job runs, also downwards when a step is tried again, and are exact at its end", () => {
  const tally = tallyOfThree();
  tally.see(progress("run-A", "R-C", 1, 3));
  tally.see(progress("run-B", "R-A", 0, 1));
  expect(tally.progress).toMatchObject({ issues: 4, current: "B R-A (0/8)" });
  tally.see(progress("run-A", "R-C", 1, 2));
  expect(tally.progress).toMatchObject({ issues: 3, current: "A R-C (1/8)" });
  tally.end("run-A", outcome("completed", 5));
  expect(tally.progress).toMatchObject({ issues: 6, current: "A" });
});

test("what comes after a job's end, and other jobs, are ignored", () => {
  const tally = tallyOfThree();
  tally.end("run-A", outcome("completed", 5));
  tally.see(state("run-A", "active"));
  tally.see(progress("run-A", null, 8, 1));
  tally.end("run-A", outcome("completed", 5));
  tally.see(state("elsewhere", "active"));
  tally.see({ kind: "gap", queue: "analysis", at: 0 });
  expect(tally.progress).toMatchObject({ done: 1, issues: 5, counts: { queued: 2, finished: 1 } });
});
