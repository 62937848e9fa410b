/** The parts of one run that its steps and the jobs it makes have in common. */
import type { RunPort } from "../run/host.js";
import type { RunServices } from "../run/services.js";
import type { Checkpoints } from "./checkpoints.js";
import type { InFlight } from "./in-flight.js";
import type { RunFailures } from "./run-failures.js";
import type { RunProgress } from "./run-progress.js";
import type { StepNames } from "./step-names.js";

export interface RunParts {
  readonly host: RunPort;
  readonly services: RunServices;
  /** The run as scopes know it. */
  readonly owner: object;
  readonly names: StepNames;
  readonly checkpoints: Checkpoints;
  readonly progress: RunProgress;
  readonly failures: RunFailures;
  readonly inFlight: InFlight;
}
