/** What failed in a run without failing it: optional steps, and items of steps over many. */
import { AllFailed } from "../../model/errors/errors.js";
import { MOST_STEP_FAILURES, type StepFailure } from "../../model/failure/step-failure.js";

export class RunFailures {
  /** The first of them, as they are kept with the job. */
  readonly first: StepFailure[] = [];
  #count = 0;
  #cause: unknown = undefined;
  #retryable = false;

  /** `thrown` is what `failure` describes. `retryable`: could another attempt help? */
  add(failure: StepFailure, thrown: unknown, retryable: boolean): void {
    if (this.#count === 0) this.#cause = thrown;
    this.#count += 1;
    this.#retryable ||= retryable;
    if (this.first.length < MOST_STEP_FAILURES) this.first.push(failure);
  }

  /** The failure that they are together, when nothing else ended well; `null` when there are none. */
  together(what: string): AllFailed | null {
    return this.#count === 0 ? null : new AllFailed(what, this.#count, this.#cause, this.#retryable);
  }
}
