/**
 * From what a handler threw to the outcome that is reported: put back, handed back, waiting for others, tried again,
 * or failed for good.
 */
import type { Outcome } from "../engine/contract.js";
import { nextDelay } from "../model/backoff.js";
import { classify, type Classifier, type Verdict } from "../model/classify.js";
import type { Random } from "../model/clock.js";
import { parseDuration } from "../model/duration.js";
import { NonRetryable, RetryAfter, Snooze } from "../model/errors.js";
import { Suspended } from "../model/flow-errors.js";
import { describeFailure } from "../model/failure.js";
import type { Run } from "./run.js";

/** What a failure comes to. `now` is in epoch milliseconds. */
export function outcomeOf(thrown: unknown, run: Run, own: Classifier | null, now: number, random: Random): Outcome {
  if (run.returning) return { kind: "release" };
  try {
    if (thrown instanceof Snooze) return { kind: "snooze", delay: parseDuration("Snooze.delay", thrown.delay) };
    if (thrown instanceof Suspended) return { kind: "wait" };
    return { kind: "fail", error: describeFailure(thrown), retryIn: waitAfter(thrown, run, own, now, random) };
  } catch (broken) {
    // A wait that is no duration, or a classifier that throws, is a mistake in the code: trying again repeats it.
    return { kind: "fail", error: describeFailure(broken), retryIn: null };
  }
}

/** A failure that no attempt can mend. */
export function finalFailure(thrown: unknown): Outcome {
  return { kind: "fail", error: describeFailure(thrown), retryIn: null };
}

function waitAfter(thrown: unknown, run: Run, own: Classifier | null, now: number, random: Random): number | null {
  const verdict = verdictOn(thrown, own, now);
  switch (verdict.kind) {
    case "final":
      return null;
    case "retry-after":
      return verdict.delay;
    case "retry":
      return run.lease.body === null ? null : nextDelay(run.lease.body.backoff, run.lease.attempt, random);
  }
}

/** Is it worth another try? `NonRetryable` and `RetryAfter` decide first, then the task's own classifier. */
export function verdictOn(thrown: unknown, own: Classifier | null, now: number): Verdict {
  const decided = thrown instanceof NonRetryable || thrown instanceof RetryAfter;
  return (decided ? undefined : own?.(thrown, now)) ?? classify(thrown, now);
}
