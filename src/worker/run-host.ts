/**
 * What a run's handler needs of the place where its lease is held: to say things, and to leave things behind. In the
 * worker's own process that is the run itself; in a child process or thread it is a message to it.
 */
import type { Lease } from "../engine/contract.js";
import type { Checkpoint } from "../model/checkpoint.js";
import type { LogLine } from "../model/log.js";
import type { Progress } from "../model/progress.js";
import type { RunningJob } from "./running-job.js";

/** Something a run says; sent soon, and lost if its worker dies before. */
export interface Said {
  readonly progress?: Progress;
  /** JSON text of an object. */
  readonly meta?: string;
  readonly line?: LogLine;
}

export interface RunHost {
  readonly lease: Lease;
  readonly job: RunningJob;
  /** Aborts when the run should end. */
  readonly signal: AbortSignal;
  /** Has the run ended, or lost its lease? Then nothing is begun any more. */
  readonly over: boolean;
  /** Says something. What is said after the run has ended is dropped. */
  say(what: Said): void;
  /** Resolves once the engine has the checkpoint; rejects when the lease is gone. */
  leave(checkpoint: Checkpoint): Promise<void>;
  /** What earlier runs left, in order. Read once. */
  earlier(): Promise<readonly Checkpoint[]>;
}
