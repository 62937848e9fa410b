/**
 * The port between a handler and the place that holds its lease. In the worker's own process it is the `Run`; in a child
 * process or thread it is a `ChildPort`, which sends messages to the run.
 */
import type { Lease } from "../../engine/contract/engine.js";
import type { RunningJob } from "../../define/running-job.js";
import type { JobServices } from "./job-services.js";
import type { RunUpdate } from "./run-update.js";

export interface RunPort {
  readonly lease: Lease;
  readonly job: RunningJob;
  /** Aborts when the run should end. */
  readonly signal: AbortSignal;
  /** Has the run ended or lost its lease? Then nothing new is begun. */
  readonly over: boolean;
  readonly services: JobServices;
  /** Reports something, without an answer. Reports after the end of the run are dropped. */
  report(what: RunUpdate): void;
}
