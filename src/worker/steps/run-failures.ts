/** What failed in a run without failing it: optional steps, and items of steps over many. */
import { AllFailed } from "../../model/errors.js";
import { describeFailure } from "../../model/failure.js";
import { MOST_STEP_FAILURES, type StepFailure } from "../../model/step-failure.js";

export class RunFailures {
  /** The first of them, as they are kept with the job. */
  readonly first: StepFailure[] = [];
  #count = 0;
  #cause: unknown = undefined;
  #retryable = false;

  /** `retryable`: could another attempt help? */
  add(step: string, key: string | null, thrown: unknown, retryable: boolean): void {
    if (this.#count === 0) this.#cause = thrown;
    this.#count += 1;
    this.#retryable ||= retryable;
    if (this.first.length >= MOST_STEP_FAILURES) return;
    this.first.push({ step, key, error: { ...describeFailure(thrown), stack: null, cause: null } });
  }

  /** The failure that they are together, when nothing else ended well; `null` when there are none. */
  together(what: string): AllFailed | null {
    return this.#count === 0 ? null : new AllFailed(what, this.#count, this.#cause, this.#retryable);
  }
}
