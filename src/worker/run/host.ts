/**
 * What a run's handler needs of the place where its lease is held: to say things, to leave things behind, and to have to do
 * with other jobs. In the worker's own process that is the run itself; in a child process or thread it is a message to it.
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

/** Something a run says; sent soon, and lost if its worker dies before. */
export interface RunUpdate {
  readonly progress?: Progress;
  /** JSON text of an object. */
  readonly meta?: string;
  readonly line?: LogLine;
}

/** A job that another one has to do with, as far as that may know it. */
export interface RelatedJob {
  readonly task: string;
  readonly state: JobState;
  /** JSON text; `null` while there is none. Of a job that works on the items of a list: the list of their results. */
  readonly result: string | null;
  readonly error: Failure | null;
}

/** When to look again at a job whose result is needed and that runs again, in milliseconds. */
const LOOK_AGAIN = 10_000;

/** What ends a run that needs the result of a job that was retried since: it is put back, uncounted. */
export function runsAgain({ queue, id }: JobRef): Snooze {
  return new Snooze(LOOK_AGAIN, `${queue}/${id}, whose result it needs, runs again`);
}

export interface RunPort {
  readonly lease: Lease;
  readonly job: RunningJob;
  /** Aborts when the run should end. */
  readonly signal: AbortSignal;
  /** Has the run ended, or lost its lease? Then nothing is begun any more. */
  readonly over: boolean;
  /** Says something. What is said after the run has ended is dropped. */
  report(what: RunUpdate): void;
  /** Resolves once the engine has the checkpoint; rejects when the lease is gone. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
  /** What earlier runs left, in order. Read once. */
  loadCheckpoints(): Promise<readonly Checkpoint[]>;
  /** Enqueues jobs; those that are there already stay as they are. */
  enqueue(jobs: readonly JobSpec[]): Promise<readonly EnqueueAnswer[]>;
  /** Its job depends on these from now on, whatever their end. Rejects when the lease is gone. */
  depend(jobs: readonly JobRef[]): Promise<void>;
  /** What its job depends on, and how that ended. */
  dependencies(): Promise<readonly DependencyRecord[]>;
  /** Other jobs as they are now; `null` for one that is not there. */
  related(jobs: readonly JobRef[]): Promise<readonly (RelatedJob | null)[]>;
}
