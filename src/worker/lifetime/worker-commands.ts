/** Carries out commands to this worker: to be quiet, to take work again, to stop once its jobs have ended. */
import type { WorkerCommandName } from "../../engine/contract/engine.js";
import type { StopReason } from "../run/events.js";
import type { Suspensions } from "./suspensions.js";

/** What the commands act on. */
export interface WorkerCommandsOptions {
  /** Aborts when the worker stops: nothing is carried out after that. */
  readonly stopping: AbortSignal;
  readonly suspensions: Suspensions;
  readonly stopClaiming: () => void;
  readonly resumeClaiming: () => void;
  /** Hands back what was leased ahead and has not begun. */
  readonly returnWaiting: () => void;
  readonly finished: (reason: StopReason) => void;
}

export class WorkerCommands {
  readonly #options: WorkerCommandsOptions;

  constructor(options: WorkerCommandsOptions) {
    this.#options = options;
  }

  obey(command: WorkerCommandName): void {
    const { stopping, suspensions, stopClaiming, resumeClaiming, returnWaiting, finished } = this.#options;
    if (stopping.aborted) return;
    if (command === "stop") {
      finished("command");
      return;
    }
    suspensions.quiet = command === "quiet";
    if (suspensions.quiet) {
      stopClaiming();
      returnWaiting();
    } else {
      resumeClaiming();
    }
  }
}
