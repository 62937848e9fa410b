/**
 * The port between a handler and the place that holds its lease: reports, checkpoints, commands about other jobs. In
 * the worker's own process it is the `Run`; in a child process or thread it is a `ChildHost`, which sends messages to
 * the run.
 */
import type { EnqueueAnswer, Lease } from "../../engine/contract/engine.js";
import type { Checkpoint } from "../../model/job/checkpoint.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import { Snooze } from "../../model/errors/errors.js";
import type { Failure } from "../../model/failure/failure.js";
import type { JobRef, JobSpec } from "../../model/job/job.js";
import type { LogLine } from "../../model/job/log.js";
import type { Progress } from "../../model/job/progress.js";
import type { JobState } from "../../model/job/state.js";
import type { RunningJob } from "../../define/running-job.js";

/** Progress, meta or a log line of a run. Sent within about 100 ms; lost if the worker dies before that. */
export interface RunUpdate {
  readonly progress?: Progress;
  /** JSON text of an object. */
  readonly meta?: string;
  readonly line?: LogLine;
}

/** Another job, as far as a run may read it. */
export interface RelatedJob {
  readonly task: string;
  readonly state: JobState;
  /** JSON text; `null` while there is none. For a job that works on the items of a list: the list of their results. */
  readonly result: string | null;
  readonly error: Failure | null;
}

/** The delay before a run checks again for the result of a job that runs again, in milliseconds. */
const CHECK_AGAIN = 10_000;

/** Ends a run that needs the result of a job that was retried since: the run is snoozed, uncounted. */
export function runsAgain({ queue, id }: JobRef): Snooze {
  return new Snooze(CHECK_AGAIN, `${queue}/${id}, whose result it needs, runs again`);
}

export interface RunPort {
  readonly lease: Lease;
  readonly job: RunningJob;
  /** Aborts when the run should end. */
  readonly signal: AbortSignal;
  /** Has the run ended or lost its lease? Then nothing new is begun. */
  readonly over: boolean;
  /** Reports something. Reports after the end of the run are dropped. */
  report(what: RunUpdate): void;
  /** Resolves once the engine has stored the checkpoint; rejects when the lease is lost. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** The checkpoints of earlier runs, in order. Read once. */
  loadCheckpoints(): Promise<readonly Checkpoint[]>;
  /** Enqueues jobs; jobs that exist already are not changed. */
  enqueue(jobs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]>;
  /** Makes its job depend on these, whatever their end. Rejects when the lease is lost. */
  depend(jobs: readonly JobRef[]): Promise<void>;
  /** The dependencies of its job, and how they ended. */
  dependencies(): Promise<readonly DependencyRecord[]>;
  /** The present state of other jobs; `null` for one that does not exist. */
  related(jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]>;
}
