/**
 * What a run's context is made from: the port to the place that holds its lease, what its task declares, and what the
 * contexts of all runs of a worker share.
 */
import type { Lease } from "../../engine/contract/engine.js";
import type { Classifier } from "../../model/failure/classify.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { JobDefaults } from "../../model/options/options.js";
import type { StatusMachine } from "../../model/profile/status-machine.js";
import type { Milestones } from "../../define/milestones.js";
import type { RunningJob } from "../../define/context.js";
import type { JobServices } from "./job-services.js";
import type { RunUpdate } from "./run-update.js";

/**
 * The port between a handler and the place that holds its lease. In the worker's own process it is the `Run`; in a child
 * process or thread it is a `ChildPort`, which sends messages to the run.
 */
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

/** What all contexts of a worker share. */
export interface RunEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  /** The most bytes of JSON of a result, of a step's output and of a spawned job's input. */
  readonly payloadCap: number;
  /** The options of all jobs of a queue. */
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
}

/** The declarations of a task that a context uses. */
export interface RunTask {
  readonly steps: Readonly<Record<string, number>> | ((input: never) => readonly string[]) | null;
  readonly milestones: Milestones | null;
  readonly statuses: StatusMachine | null;
  readonly classify: Classifier | null;
}
