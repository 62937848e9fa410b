/** What the context of a run is made from, beside its host: what its task declares, and what all runs of a worker share. */
import type { Classifier } from "../../model/failure/classify.js";
import type { Clock, Random } from "../../model/value/clock.js";
import type { JobDefaults } from "../../model/options/options.js";
import type { StatusMachine } from "../../model/vocabulary/status-machine.js";
import type { Milestones } from "../../define/milestones.js";

/** What the contexts of a worker have in common. */
export interface RunServices {
  readonly clock: Clock;
  readonly random: Random;
  /** Bytes of JSON that a result, what a step gives, and the input of a job that is spawned, may have. */
  readonly payloadCap: number;
  /** The options of all jobs of a queue. */
  readonly queueDefaults: ReadonlyMap<string, JobDefaults>;
}

/** What a context knows of its task. */
export interface RunTask {
  readonly steps: Readonly<Record<string, number>> | ((input: never) => readonly string[]) | null;
  readonly milestones: Milestones | null;
  readonly statuses: StatusMachine | null;
  readonly classify: Classifier | null;
}
