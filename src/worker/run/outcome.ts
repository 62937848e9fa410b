/**
 * Maps what a handler threw to the outcome that is settled: snooze, return, wait, a retry after a back-off, or final
 * failure.
 */
import type { Outcome } from "../../engine/contract/engine.js";
import { nextDelay } from "../../model/failure/backoff.js";
import { classify, type Classifier, type RetryDecision } from "../../model/failure/classify.js";
import type { Random } from "../../model/value/clock.js";
import { waitOf } from "../../model/value/duration.js";
import { InvalidInput, NonRetryable, RetryAfter, Snooze } from "../../model/errors/errors.js";
import { Suspended } from "../../model/flow/dependency-errors.js";
import { describeFailure, isInstance } from "../../model/failure/failure.js";
import type { Run } from "./run.js";

/** The delay of a snooze whose duration is invalid. In milliseconds. */
const SNOOZED_ANYWAY = 10_000;
const WAIT_RULE = "a duration from 0 to 10 years";

/**
 * The outcome of a run whose handler threw. `now` is in epoch milliseconds.
 * @param wrong called for a delay that is no valid duration. The job is delayed all the same: by its backoff, or 10 s
 * for a snooze; a negative delay counts as 0
 */
export function outcomeOf(
  thrown: unknown,
  run: Run,
  own: Classifier | null,
  now: number,
  random: Random,
  wrong: (error: InvalidInput) => void,
): Outcome {
  if (run.returning) return { kind: "return" };
  try {
    const asked = isInstance(thrown, Snooze)
      ? "Snooze.delay"
      : isInstance(thrown, RetryAfter)
        ? "RetryAfter.delay"
        : null;
    if (asked !== null) {
      const { delay } = thrown as Snooze | RetryAfter;
      if (isOff(delay)) wrong(new InvalidInput(asked, delay, WAIT_RULE));
    }
    if (isInstance(thrown, Snooze)) return { kind: "snooze", delay: waitOf(thrown.delay) ?? SNOOZED_ANYWAY };
    if (isInstance(thrown, Suspended)) return { kind: "wait" };
    return { kind: "fail", error: describeFailure(thrown), retryIn: waitAfter(thrown, run, own, now, random, wrong) };
  } catch (broken) {
    // A classifier that throws is a bug in the code: another attempt would repeat it.
    return { kind: "fail", error: describeFailure(broken), retryIn: null };
  }
}

/** Is the delay invalid or negative? */
function isOff(delay: unknown): boolean {
  return waitOf(delay) === null || (typeof delay === "number" && delay < 0);
}

/** A failure that another attempt cannot help. */
export function finalFailure(thrown: unknown): Outcome {
  return { kind: "fail", error: describeFailure(thrown), retryIn: null };
}

function waitAfter(
  thrown: unknown,
  run: Run,
  own: Classifier | null,
  now: number,
  random: Random,
  wrong: (error: InvalidInput) => void,
): number | null {
  const { body, attempt } = run.lease;
  const decision = retryDecisionOn(thrown, own, now);
  if (decision.kind === "final" || body === null) return null;
  let asked: number | null = null;
  if (decision.kind === "retry-after") {
    asked = waitOf(decision.delay);
    if (isOff(decision.delay)) wrong(new InvalidInput("classify, its delay", decision.delay, WAIT_RULE));
  }
  return asked ?? nextDelay(body.backoff, attempt, random);
}

/**
 * Is another try worthwhile? `NonRetryable` and `RetryAfter` decide first, then the task's own classifier, then the
 * default one.
 */
export function retryDecisionOn(thrown: unknown, own: Classifier | null, now: number): RetryDecision {
  const decided = isInstance(thrown, NonRetryable) || isInstance(thrown, RetryAfter);
  return (decided ? undefined : own?.(thrown, now)) ?? classify(thrown, now);
}
