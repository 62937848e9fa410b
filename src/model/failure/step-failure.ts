/** Failures of a job that half succeeded: an optional step, or an item of a step over many. */
import { describeFailure, type Failure } from "./failure.js";

/** A step, or an item of one, that failed without failing its job. */
export interface StepFailure {
  readonly step: string;
  /** The key of the item, for an item of `step.all`. */
  readonly key: string | null;
  /** What was thrown, without its stack. */
  readonly error: Failure;
}

/** How many failures are kept with a job that half succeeded: the first ones. */
export const MOST_STEP_FAILURES = 100;

/** A value thrown in a step, or an item of one, as it is kept: without stack and cause. */
export function stepFailure(step: string, key: string | null, thrown: unknown): StepFailure {
  const { errors: _errors, ...error } = describeFailure(thrown);
  return { step, key, error: { ...error, stack: null, cause: null } };
}

/** The text of the failures of a run that half succeeded; `null` when there are none. */
export function encodeStepFailures(failures: readonly StepFailure[]): string | null {
  return failures.length === 0 ? null : JSON.stringify(failures);
}

/** The failures from their text. @throws SyntaxError when it is not JSON */
export function decodeStepFailures(text: string | null): StepFailure[] {
  if (text === null || text === "") return [];
  const failures: StepFailure[] = JSON.parse(text);
  return failures;
}
