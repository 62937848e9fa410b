// The part that is about Longshore: one job for each requirement enqueued in a single call, each superseding the
// requirement's last one, a worker with a few slots in this process, and the wait for all of them. An abort stops the
// worker and leaves the queue as it is; enqueueing the same ids again later continues where it stopped.

import { createHash } from "node:crypto";
import { connect } from "longshore";
import type { Job, JobSnapshot } from "longshore";

import type { AnalysisInput, AnalysisResult } from "./analyse.js";
import { analysisTask } from "./analysis-task.js";
import type { IssueBook } from "./issue-book.js";
import type { RunProgress } from "./progress-line.js";
import type { JobOutcome } from "./report.js";
import type { Run } from "../run-book.js";
import { RunTally } from "./run-tally.js";

export interface AnalysisRun {
  url: string;
  /** Requirements with the same id supersede each other within a project. */
  project: string;
  /** Job ids begin with the run's id; the same id continues the same run. */
  run: Run;
  concurrency: number;
  /** Where the issues are written down. */
  book: IssueBook;
  /** Ends the run early, with the queue intact. */
  signal: AbortSignal;
  /** Called whenever something happened to a job. */
  onProgress: (progress: Omit<RunProgress, "elapsedMs">) => void;
}

/** How a run ended. */
export interface AnalysisOutcome {
  /** How each job ended, in the order of the inputs. */
  jobs: JobOutcome[];
  /** How much of the run before it is superseded. */
  earlier: { jobs: number; issues: number };
}

/** Analyses `inputs` in background jobs. */
export async function runAnalysis(inputs: readonly AnalysisInput[], options: AnalysisRun): Promise<AnalysisOutcome> {
  const { url, project, run, concurrency, book, signal, onProgress } = options;
  const startedAt = Date.now();
  const task = analysisTask(book);
  const tally = new RunTally();
  const longshore = await connect(url);
  const watching = new AbortController();
  try {
    const jobs = await longshore.enqueueMany(task, inputs, {
      tags: [runTag(run.id)],
      each: ({ requirementId }, index) => ({
        id: `${run.id}-${index + 1}`,
        supersedes: supersessionKey(project, requirementId),
      }),
    });
    for (const [index, job] of jobs.entries()) tally.add(job.id, inputs[index]?.requirementId ?? job.id);
    const watched = follow(longshore.watch(task.queue, { signal: watching.signal }), (event) => {
      tally.see(event);
      onProgress(tally.progress);
    });
    // Nothing leased ahead: a job that waits in the worker would count as running in the report's times.
    const worker = longshore.worker([task], { concurrency, prefetch: 0 });
    try {
      const all = Promise.all(
        jobs.map(async (job, index) => {
          const outcome = outcomeOf(await ended(job), inputs[index], startedAt);
          tally.end(job.id, outcome);
          onProgress(tally.progress);
          return outcome;
        }),
      );
      const outcomes = await Promise.race([all, aborted(signal)]);
      return { jobs: outcomes, earlier: await supersededOf(run.previous) };
    } finally {
      watching.abort();
      await worker.stop();
      await watched;
    }
  } finally {
    await longshore.close();
  }

  async function supersededOf(previous: string | null): Promise<AnalysisOutcome["earlier"]> {
    if (previous === null) return { jobs: 0, issues: 0 };
    const { states } = await longshore.tagTotals(runTag(previous));
    return { jobs: states.superseded, issues: book.count(`${previous}-`).superseded };
  }
}

function runTag(id: string): string {
  return `run:${id}`;
}

/** Keys have at most 256 bytes; paths and ids may have more. */
function supersessionKey(project: string, requirementId: string): string {
  const key = `${project}:${requirementId}`;
  return Buffer.byteLength(key) <= 256 ? key : createHash("sha256").update(key).digest("hex");
}

type AnalysisJob = JobSnapshot<AnalysisResult | undefined, AnalysisInput>;

/** The job once it has ended, however it did. */
async function ended(job: Job<AnalysisResult | undefined, AnalysisInput>): Promise<AnalysisJob> {
  await Promise.allSettled([job.result()]);
  return job.refresh();
}

function outcomeOf(job: AnalysisJob, input: AnalysisInput | undefined, startedAt: number): JobOutcome {
  const hasStarted = job.startedAt !== null;
  return {
    requirementId: input?.requirementId ?? job.id,
    text: input?.text ?? "",
    state: job.state,
    findings: Object.values(job.result?.findings ?? {}).flat(),
    issues: job.progress?.counters["issues"] ?? 0,
    unread: job.failures.map(({ step, error }) => ({ analyser: step, reason: error.message })),
    waitMs: hasStarted ? job.startedAt - job.createdAt : undefined,
    runMs: hasStarted && job.finishedAt !== null ? job.finishedAt - job.startedAt : undefined,
    error: job.state === "superseded" ? undefined : job.error?.message,
    resumed: job.finishedAt !== null && job.finishedAt < startedAt,
  };
}

async function follow<Event>(events: AsyncIterable<Event>, see: (event: Event) => void): Promise<void> {
  for await (const event of events) see(event);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
