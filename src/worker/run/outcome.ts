/**
 * From what a handler threw to the outcome that is reported: put back, handed back, waiting for others, tried again,
 * or failed for good.
 */
import type { Outcome } from "../../engine/contract/engine.js";
import { nextDelay } from "../../model/failure/backoff.js";
import { classify, type Classifier, type RetryDecision } from "../../model/failure/classify.js";
import type { Random } from "../../model/value/clock.js";
import { waitOf } from "../../model/value/duration.js";
import { InvalidInput, NonRetryable, RetryAfter, Snooze } from "../../model/errors/errors.js";
import { Suspended } from "../../model/flow/errors.js";
import { describeFailure, isInstance } from "../../model/failure/failure.js";
import type { Run } from "./run.js";

/** How long a job sleeps that was snoozed for what is no duration. In milliseconds. */
const SNOOZED_ANYWAY = 10_000;
const WAIT_RULE = "a duration from 0 to 10 years";

/**
 * What a failure comes to. `now` is in epoch milliseconds. `wrong` is told of a wait that is no duration: the job waits all
 * the same, by its backoff, or 10 s when it was snoozed; of one that is below 0, it waits no longer.
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
    // A classifier that throws is a mistake in the code: trying again repeats it.
    return { kind: "fail", error: describeFailure(broken), retryIn: null };
  }
}

/** Is it no wait, or one that was over before it began? */
function isOff(delay: unknown): boolean {
  return waitOf(delay) === null || (typeof delay === "number" && delay < 0);
}

/** A failure that no attempt can mend. */
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

/** Is it worth another try? `NonRetryable` and `RetryAfter` decide first, then the task's own classifier. */
export function retryDecisionOn(thrown: unknown, own: Classifier | null, now: number): RetryDecision {
  const decided = isInstance(thrown, NonRetryable) || isInstance(thrown, RetryAfter);
  return (decided ? undefined : own?.(thrown, now)) ?? classify(thrown, now);
}
