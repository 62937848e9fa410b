/** Failures that do not fail the run: of optional steps, and of items. */
import { AllFailed } from "../../model/errors/errors.js";
import { MOST_STEP_FAILURES, type StepFailure } from "../../model/failure/step-failure.js";

export class RunFailures {
  /** The first failures (at most `MOST_STEP_FAILURES`), as they are stored with the job. */
  readonly first: StepFailure[] = [];
  #count = 0;
  #cause: unknown = undefined;
  #retryable = false;

  /**
   * @param thrown the error that `failure` describes
   * @param retryable could another attempt help?
   */
  add(failure: StepFailure, thrown: unknown, retryable: boolean): void {
    if (this.#count === 0) this.#cause = thrown;
    this.#count += 1;
    this.#retryable ||= retryable;
    if (this.first.length < MOST_STEP_FAILURES) this.first.push(failure);
  }

  /** One error for all failures, for when nothing succeeded; `null` when there are none. */
  combined(what: string): AllFailed | null {
    return this.#count === 0 ? null : new AllFailed(what, this.#count, this.#cause, this.#retryable);
  }
}
