/**
 * From an outcome to a job's next state: pure decisions, shared by the memory and SQLite engines and mirrored by the
 * Redis scripts, which are compared with them.
 */
import { CRASH_LIMIT, SUSPECT_FROM, type AttemptOutcome } from "./job.js";
import type { Cause, JobState } from "./state.js";

/** The facts about an active job that a decision depends on. */
export interface RunState {
  /** Runs that counted before this one. */
  readonly counted: number;
  readonly attempts: number;
  readonly crashes: number;
  /** How many of the jobs it depends on have not ended. */
  readonly waiting: number;
}

/** Where the job goes. */
export interface OutcomeTransition {
  readonly state: JobState;
  readonly cause: Cause;
  /** Milliseconds until it is due; only for `delayed`. */
  readonly delay: number;
  /** Does the run count as an attempt? */
  readonly counts: boolean;
  /** The end of the queue it returns to; `kept`: its former place, in the list of jobs set aside. */
  readonly place: "head" | "tail" | "kept";
  /** The word for it in the job's history. */
  readonly outcome: AttemptOutcome;
}

type Reported =
  | { readonly kind: "complete" | "partial" | "return" | "decline" | "wait" }
  | { readonly kind: "fail"; readonly retryIn: number | null }
  | { readonly kind: "snooze"; readonly delay: number };

// The outcomes of most runs: made once, because creating them showed in profiles.
const ended = { delay: 0, counts: true, place: "tail" } as const;
const COMPLETED: OutcomeTransition = { ...ended, state: "completed", cause: "complete", outcome: "completed" };
const PARTIAL: OutcomeTransition = { ...ended, state: "partial", cause: "partial", outcome: "partial" };
const FAILED: OutcomeTransition = { ...ended, state: "failed", cause: "fail", outcome: "failed" };
const RETURNED: OutcomeTransition = {
  state: "queued",
  cause: "return",
  delay: 0,
  counts: false,
  place: "head",
  outcome: "returned",
};

const DECLINED: OutcomeTransition = { ...RETURNED, place: "kept", outcome: "declined" };

/** Decides what an outcome reported by a worker does to its job. */
export function judge(run: RunState, outcome: Reported): OutcomeTransition {
  switch (outcome.kind) {
    case "complete":
      return COMPLETED;
    case "partial":
      return PARTIAL;
    case "fail":
      return outcome.retryIn === null || run.counted + 1 >= run.attempts
        ? FAILED
        : { ...later(outcome.retryIn), cause: "backoff", counts: true, outcome: "failed" };
    case "snooze":
      return { ...later(outcome.delay), cause: "snooze", counts: false, outcome: "snoozed" };
    case "return":
      return RETURNED;
    case "decline":
      return DECLINED;
    case "wait":
      return {
        state: run.waiting > 0 ? "blocked" : "queued",
        cause: "wait",
        delay: 0,
        counts: false,
        place: "tail",
        outcome: "waited",
      };
  }
}

/** Decides what the death of its worker does to a job (recover), and whether that makes it a suspect. */
export function judgeCrash(run: Pick<RunState, "crashes">): OutcomeTransition & { readonly suspect: boolean } {
  const crashes = run.crashes + 1;
  const last = crashes >= CRASH_LIMIT;
  return {
    suspect: !last && crashes >= SUSPECT_FROM,
    state: last ? "failed" : "queued",
    cause: "recover",
    delay: 0,
    counts: false,
    place: "tail",
    outcome: "crashed",
  };
}

function later(delay: number): { state: "delayed" | "queued"; delay: number; place: "tail" } {
  return { state: delay > 0 ? "delayed" : "queued", delay, place: "tail" };
}
