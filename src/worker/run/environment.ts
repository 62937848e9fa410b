/**
 * What a run's context is made from, besides its port: what its task declares, and what the contexts of all runs of a
 * worker share.
 */
import type { Classifier } from "../../model/failure/classify.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { JobDefaults } from "../../model/options/options.js";
import type { StatusMachine } from "../../model/vocabulary/status-machine.js";
import type { Milestones } from "../../define/milestones.js";

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
