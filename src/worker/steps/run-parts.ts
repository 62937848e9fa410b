/** The parts of one run that its steps and its spawned jobs share. */
import type { RunPort } from "../run/run-port.js";
import type { RunEnvironment } from "../run/environment.js";
import type { Checkpoints } from "./checkpoints.js";
import type { InFlight } from "./in-flight.js";
import type { RunFailures } from "./run-failures.js";
import type { RunProgress } from "./run-progress.js";
import type { StepNames } from "./step-names.js";

export interface RunParts {
  readonly port: RunPort;
  readonly environment: RunEnvironment;
  /** Identifies the run in scopes. */
  readonly owner: object;
  readonly names: StepNames;
  readonly checkpoints: Checkpoints;
  readonly progress: RunProgress;
  readonly failures: RunFailures;
  readonly inFlight: InFlight;
}
