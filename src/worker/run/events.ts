/**
 * What a worker tells those who listen: `worker.on("failed", (job, error) => …)`. Nothing is made for an event nobody
 * hears.
 */
import type { FencedAnswer } from "../../engine/contract/engine.js";
import type { StepFailure } from "../../model/failure/step-failure.js";
import type { Run } from "./run.js";
import type { RunningJob } from "../../define/running-job.js";

/**
 * Why a worker stops: `stop()` was called (by the application, by a signal, by `longshore.close()`), an option ended its
 * life, the engine was closed under it, or a task of it turned out to have no handler.
 */
export type StopReason = "stop" | "burst" | "maxJobs" | "maxIdle" | "maxRss" | "closed" | "refused";

/** The events of a worker. Those about the end of a run are told when the engine has accepted it. */
export interface WorkerEvents {
  /** It takes work from now on. */
  started: [];
  /** A run begins. */
  active: [job: RunningJob];
  /** A job ended well. */
  completed: [job: RunningJob, result: unknown];
  /** A job half succeeded: it has a result, and some of its optional steps or items failed (the first 100 are told). */
  partial: [job: RunningJob, result: unknown, failures: readonly StepFailure[]];
  /** A job failed for good. */
  failed: [job: RunningJob, error: unknown];
  /** An attempt failed; the next one is in `delay` milliseconds. */
  retrying: [job: RunningJob, error: unknown, delay: number];
  /** A job was put back for `delay` milliseconds. */
  snoozed: [job: RunningJob, delay: number];
  /** A job gave its slot back until the jobs it spawned, or waits for otherwise, have ended. */
  waiting: [job: RunningJob];
  /** A job was handed back: the worker stops, or has not the code of its task (`unknown`). */
  returned: [job: RunningJob];
  /** A job was cancelled, or taken away otherwise, while it ran here. */
  cancelled: [job: RunningJob];
  /** A newer job took the place of a job while it ran here. */
  superseded: [job: RunningJob];
  /** The lease on a job was lost: another worker may be running it. */
  lost: [job: RunningJob];
  /** There is no work; told once each time it runs dry. */
  idle: [];
  /**
   * The event loop of the worker was blocked for `ms` milliseconds, more than a second, while inline handlers of these
   * tasks ran. A task is named at most once a minute. Give one that computes for long a `runner` of its own.
   */
  blocked: [tasks: readonly string[], ms: number];
  /**
   * Jobs of this task wait for a worker that has its code: this one has no handler of that name, or does not find its
   * module (`error` says which), and no attempt is counted. Told when it meets such a job, and while such jobs wait and no
   * worker says that it has the task; of a task at most once a minute.
   */
  unknown: [task: string, error: Error];
  /** Something went wrong that is not a job's failure, such as an engine that does not answer. The worker goes on. */
  error: [error: Error];
  /** It takes no more jobs; those that run have their grace. Told once. */
  stopping: [reason: StopReason];
  /** It has stopped and let go of everything. */
  stopped: [];
}

/** The event with which the end of a run is told. */
export type EndEvent =
  | "completed"
  | "partial"
  | "failed"
  | "retrying"
  | "snoozed"
  | "waiting"
  | "returned"
  | "cancelled"
  | "superseded"
  | "lost";

/** What the end of a run is called, once the engine has answered its outcome. */
export function endEventOf({ outcome, revoked, lease }: Run, answer: FencedAnswer): EndEvent {
  if (answer === "stale") return revoked === null ? "lost" : revoked === "cancel" ? "cancelled" : "superseded";
  switch (outcome?.kind) {
    case "complete":
      return "completed";
    case "partial":
      return "partial";
    case "snooze":
      return "snoozed";
    case "wait":
      return "waiting";
    case "fail":
      return outcome.retryIn === null || lease.attempt >= lease.attempts ? "failed" : "retrying";
    default:
      return "returned";
  }
}
