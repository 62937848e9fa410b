/** The parts of one run that its steps and the jobs it makes have in common. */
import type { RunHost } from "../run/host.js";
import type { RunMeans } from "../run/services.js";
import type { Memos } from "./checkpoints.js";
import type { UnderWay } from "./in-flight.js";
import type { RunFailures } from "./run-failures.js";
import type { RunProgress } from "./run-progress.js";
import type { StepNames } from "./step-names.js";

export interface RunParts {
  readonly host: RunHost;
  readonly means: RunMeans;
  /** The run as scopes know it. */
  readonly owner: object;
  readonly names: StepNames;
  readonly memos: Memos;
  readonly progress: RunProgress;
  readonly failures: RunFailures;
  readonly underWay: UnderWay;
}
