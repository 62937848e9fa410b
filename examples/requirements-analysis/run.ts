// The part that is about Longshore: the task, one job for each requirement enqueued in a single call, a worker with
// a few slots in this process, and the wait for all of them. An abort stops the worker and leaves the queue as it
// is; enqueueing the same ids again later continues where it stopped.

import { connect, task } from "longshore";
import { z } from "zod";

import { analyseRequirement } from "./analyse.js";
import type { AnalysisInput } from "./analyse.js";
import type { JobOutcome } from "./report.js";

export const analyse = task(
  "analyse",
  {
    input: z.object({
      requirementId: z.string(),
      text: z.string(),
      analysers: z.array(z.string()),
      knownTerms: z.array(z.string()),
    }),
    queue: "defospam",
    attempts: 3,
    timeout: "1m",
  },
  async ({ input, progress }) =>
    analyseRequirement(input, (title, done, total) => progress(Math.floor((done / total) * 100), title)),
);

export interface AnalysisRun {
  url: string;
  /** Job ids begin with it; the same id continues the same run. */
  runId: string;
  concurrency: number;
  /** Ends the run early, with the queue intact. */
  signal: AbortSignal;
  /** Called for each job that ended. */
  onOutcome: (outcome: JobOutcome) => void;
}

/** Analyses `inputs` in background jobs and answers how each ended, in the order of `inputs`. */
export async function runAnalysis(inputs: readonly AnalysisInput[], run: AnalysisRun): Promise<JobOutcome[]> {
  const startedAt = Date.now();
  const longshore = await connect(run.url);
  try {
    const jobs = await longshore.enqueueMany(
      analyse,
      inputs.map((input, index) => ({
        input,
        options: { id: `${run.runId}-${index + 1}`, tags: [`run:${run.runId}`] },
      })),
    );
    // Nothing leased ahead: a job that waits in the worker would count as running in the report's times.
    const worker = longshore.worker([analyse], { concurrency: run.concurrency, prefetch: 0 });
    try {
      const all = Promise.all(
        jobs.map(async (job, index) => {
          const [settled] = await Promise.allSettled([job.result()]);
          const record = await job.refresh();
          const outcome: JobOutcome = {
            requirementId: inputs[index]?.requirementId ?? job.id,
            text: inputs[index]?.text ?? "",
            state: record.state,
            findings: settled.status === "fulfilled" ? settled.value.findings : [],
            waitMs: record.startedAt === null ? undefined : record.startedAt - record.createdAt,
            runMs:
              record.startedAt === null || record.finishedAt === null
                ? undefined
                : record.finishedAt - record.startedAt,
            error: settled.status === "rejected" ? String(settled.reason) : undefined,
            resumed: record.finishedAt !== null && record.finishedAt < startedAt,
          };
          run.onOutcome(outcome);
          return outcome;
        }),
      );
      return await Promise.race([all, aborted(run.signal)]);
    } finally {
      await worker.stop();
    }
  } finally {
    await longshore.close();
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
