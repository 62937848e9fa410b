// The analysis of requirements as jobs: steps in turn, partial and failed analyses, exact counters, and a newer run that
// supersedes an older one.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "@photostructure/sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "longshore";
import type { Job } from "longshore";

import { inputsFor } from "../../../examples/requirements-analysis/analyse.js";
import type { AnalysisInput, AnalysisResult } from "../../../examples/requirements-analysis/analyse.js";
import { analysisTask } from "../../../examples/requirements-analysis/analysis-task.js";
import { parseRequirements, readRequirements } from "../../../examples/requirements-analysis/csv.js";
import { analyserCodes } from "../../../examples/requirements-analysis/finding.js";
import type { AnalyserCode } from "../../../examples/requirements-analysis/finding.js";
import { IssueBook } from "../../../examples/requirements-analysis/issue-book.js";
import { runAnalysis } from "../../../examples/requirements-analysis/run.js";
import type { AnalysisOutcome, AnalysisRun } from "../../../examples/requirements-analysis/run.js";

const list = `id,text
EN,"The page should be easy to use, and messages are shown if possible."
DE,"Der Server meldet den PSI Wert, und alle Daten werden gespeichert."
RU,"Сервер отвечает на каждый запрос."
CODE,"queue.getWaitingCount()/getActiveCount()."
`;

/** The inputs for the rows of `list` with these ids. */
function inputs(ids: readonly string[], analysers: readonly AnalyserCode[] = analyserCodes): AnalysisInput[] {
  return inputsFor(parseRequirements(list, "list.csv"), analysers).filter(({ requirementId }) =>
    ids.includes(requirementId),
  );
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "analysis-"));
});
afterEach(() => rm(folder, { recursive: true }));

interface RunSetup {
  book?: IssueBook;
  analysers?: readonly AnalyserCode[];
}

/** Enqueues the analysis of one row, held, and does something with the job while a worker is there. */
async function withJob<T>(
  id: string,
  look: (job: Job<AnalysisResult | undefined, AnalysisInput>) => Promise<T>,
  { book = new IssueBook(":memory:"), analysers = analyserCodes }: RunSetup = {},
): Promise<T> {
  const longshore = await connect("memory:");
  const task = analysisTask(book);
  try {
    const [input] = inputs([id], analysers);
    if (input === undefined) throw new Error(`no row ${id}`);
    const job = await longshore.enqueue(task, input, { backoff: "1h", hold: true });
    const looked = look(job);
    longshore.worker([task]);
    return await looked;
  } finally {
    await longshore.close();
    book.close();
  }
}

async function runToEnd(job: Job<AnalysisResult | undefined, AnalysisInput>): Promise<void> {
  await job.release();
  await Promise.allSettled([job.result()]);
}

describe("one job", () => {
  test("runs its analysers in turn, each a step, and keeps what each found", async () => {
    const { steps, snapshot } = await withJob("EN", async (job) => {
      await runToEnd(job);
      return { steps: await job.steps(), snapshot: await job.refresh() };
    });
    expect(steps.map(({ name }) => name)).toEqual([...analyserCodes]);
    expect(snapshot.state).toBe("completed");
    expect(Object.keys(snapshot.result?.findings ?? {})).toEqual([...analyserCodes]);
    expect(snapshot.result?.findings["R-A"]?.map(({ quote }) => quote)).toEqual(["easy", "if possible"]);
    expect(snapshot.progress).toMatchObject({ percent: 100, done: 8, total: 8 });
  });

  test("has as many steps as analysers were asked for, in that order", async () => {
    const { steps, progress } = await withJob(
      "EN",
      async (job) => {
        await runToEnd(job);
        return { steps: await job.steps(), progress: await job.progress() };
      },
      { analysers: ["R-W", "R-D"] },
    );
    expect(steps.map(({ name }) => name)).toEqual(["R-W", "R-D"]);
    expect(progress).toMatchObject({ total: 2, done: 2 });
  });

  test.each([
    ["DE", ["R-D"], "only 2 of its"],
    ["CODE", ["R-D"], "there is no word in it"],
  ])("is partial where only some analysers can read the row: %s", async (id, readBy, reason) => {
    const snapshot = await withJob(id, async (job) => {
      await runToEnd(job);
      return job.refresh();
    });
    expect([snapshot.state, snapshot.attempt]).toEqual(["partial", 1]);
    expect(Object.keys(snapshot.result?.findings ?? {})).toEqual(readBy);
    expect(snapshot.failures.map(({ step }) => step)).toEqual(analyserCodes.filter((code) => !readBy.includes(code)));
    expect(snapshot.failures[0]?.error).toMatchObject({
      name: "UnreadableText",
      message: expect.stringContaining(reason),
    });
  });

  test("keeps the findings of a partial job", async () => {
    const result = await withJob("DE", async (job) => {
      await runToEnd(job);
      return job.result();
    });
    expect(result?.findings["R-D"]?.map(({ quote }) => quote)).toEqual(["PSI"]);
  });

  test("fails where no analyser can read the row, and is not tried again", async () => {
    const { error, attempt, state } = await withJob("RU", async (job) => {
      await runToEnd(job);
      return job.refresh();
    });
    expect([state, attempt]).toEqual(["failed", 1]);
    expect(error).toMatchObject({ code: "ALL_FAILED", cause: { name: "UnreadableText", code: "NOT_LATIN" } });
  });

  test("counts issues exactly when it is tried again after its steps", async () => {
    const path = join(folder, "issues.db");
    const book = new IssueBook(path, { timeout: 0 });
    const other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    const { before, after, snapshot } = await withJob(
      "EN",
      async (job) => {
        const events = job.events();
        await job.release();
        for await (const event of events) if (event.kind === "state" && event.state === "delayed") break;
        const before = await job.steps();
        other.exec("COMMIT");
        other.close();
        await job.promote();
        await job.result();
        return { before, after: await job.steps(), snapshot: await job.refresh() };
      },
      { book },
    );
    const found = Object.values(snapshot.result?.findings ?? {}).flat().length;
    expect(found).toBeGreaterThan(2);
    expect(snapshot.history.map(({ outcome }) => outcome)).toEqual(["failed", "completed"]);
    expect(snapshot.progress?.counters).toEqual({ issues: found });
    expect(before).toHaveLength(8);
    expect(after).toEqual(before);
  });
});

function issuesOf({ jobs }: AnalysisOutcome): number {
  return jobs.reduce((total, { issues }) => total + issues, 0);
}

describe("a run", () => {
  let book: IssueBook;
  beforeEach(() => {
    book = new IssueBook(join(folder, "issues.db"));
  });
  afterEach(() => book.close());

  function run(id: string, previous: string | null, more: Partial<AnalysisRun> = {}): Promise<AnalysisOutcome> {
    return runAnalysis(inputs(["EN", "DE", "RU", "CODE"]), {
      url: `sqlite:${join(folder, "jobs.db")}`,
      project: "list.csv",
      run: { id, continued: false, previous },
      concurrency: 1,
      book,
      signal: new AbortController().signal,
      onProgress: () => {},
      ...more,
    });
  }

  test("reports how each job ended, and writes its issues down", async () => {
    const outcome = await run("one", null);
    expect(outcome.jobs.map(({ state }) => state)).toEqual(["completed", "partial", "failed", "partial"]);
    expect(outcome.jobs.map(({ unread }) => unread.length)).toEqual([0, 7, 0, 7]);
    expect(outcome.jobs[2]?.error).toContain("letters are Latin");
    for (const { issues, findings } of outcome.jobs) expect(issues).toBe(findings.length);
    expect(book.count("one-")).toEqual({ open: issuesOf(outcome), superseded: 0 });
    expect(outcome.earlier).toEqual({ jobs: 0, issues: 0 });
  });

  test("once more supersedes the jobs of the run before, and the hook their issues", async () => {
    const first = await run("one", null);
    const second = await run("two", "one");
    expect(issuesOf(first)).toBeGreaterThan(3);
    expect(second.earlier).toEqual({ jobs: 4, issues: issuesOf(first) });
    expect(book.count("one-")).toEqual({ open: 0, superseded: issuesOf(first) });
    expect(book.count("two-")).toEqual({ open: issuesOf(second), superseded: 0 });
  });

  test("of another project supersedes nothing", async () => {
    const first = await run("one", null);
    const second = await run("two", "one", { project: "other.csv" });
    expect(second.earlier).toEqual({ jobs: 0, issues: 0 });
    expect(book.count("one-")).toEqual({ open: issuesOf(first), superseded: 0 });
  });

  test("that was interrupted is continued without superseding itself", async () => {
    const stop = new AbortController();
    const interrupted = run("one", null, {
      signal: stop.signal,
      onProgress: ({ done }) => {
        if (done > 0) stop.abort(new Error("interrupted"));
      },
    });
    await expect(interrupted).rejects.toThrow("interrupted");
    const continued = await run("one", null);
    expect(continued.jobs.map(({ state }) => state)).toEqual(["completed", "partial", "failed", "partial"]);
    expect(continued.jobs.filter(({ resumed }) => resumed).length).toBeGreaterThan(0);
    expect(continued.earlier).toEqual({ jobs: 0, issues: 0 });
    expect(book.count("one-")).toEqual({ open: issuesOf(continued), superseded: 0 });
  });

  test("that takes the place of an interrupted one leaves none of its jobs to run", async () => {
    const stop = new AbortController();
    stop.abort(new Error("interrupted"));
    await expect(run("one", null, { signal: stop.signal })).rejects.toThrow("interrupted");
    const second = await run("two", "one");
    expect(second.earlier.jobs).toBe(4);
    expect(second.jobs.map(({ state }) => state)).toEqual(["completed", "partial", "failed", "partial"]);
    expect(book.count("one-").open).toBe(0);
  });
});

test("every requirement that is shipped is read by R-D, and by all unless it is code", async () => {
  const rows = await readRequirements("examples/requirements-analysis/requirements.csv");
  const book = new IssueBook(":memory:");
  const outcome = await runAnalysis(inputsFor(rows, analyserCodes), {
    url: "memory:",
    project: "requirements.csv",
    run: { id: "one", continued: false, previous: null },
    concurrency: 5,
    book,
    signal: new AbortController().signal,
    onProgress: () => {},
  });
  book.close();
  const unread = outcome.jobs.filter(({ unread }) => unread.length > 0);
  expect(outcome.jobs.filter(({ state }) => state === "partial")).toEqual(unread);
  expect(unread.map(({ requirementId }) => requirementId)).toEqual(
    "S2-22 S2-30 S2-37 S2-38 S2-39 S2-57 S4-17 S4-18 S4-19 S4-20 S4-30 S4-35 S4-40 S4-41 S4-53".split(" "),
  );
  expect(outcome.jobs.every(({ state }) => state === "completed" || state === "partial")).toBe(true);
});
