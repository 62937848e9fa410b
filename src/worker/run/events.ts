/** The events of a worker: `worker.on("failed", (job, error) => …)`, and which of them the end of a run causes. */
import type { FencedAnswer } from "../../engine/contract/engine.js";
import type { StepFailure } from "../../model/failure/step-failure.js";
import type { Run } from "./run.js";
import type { RunningJob } from "../../define/context.js";

/**
 * Why a worker stops: `stop()` was called (by the application, by a signal, by `longshore.close()`), an option ended its
 * life, the engine was closed under it, a task of it turned out to have no handler, or a command reached it
 * (`longshore.worker(name).stop()`).
 */
export type StopReason = "stop" | "burst" | "maxJobs" | "maxIdle" | "maxRss" | "closed" | "refused" | "command";

/** The events of a worker. Those about the end of a run are emitted when the engine has accepted its outcome. */
export interface WorkerEvents {
  /** It takes work from now on. */
  started: [];
  /** A run begins. */
  active: [job: RunningJob];
  /** A job ended well. */
  completed: [job: RunningJob, result: unknown];
  /**
   * A job half succeeded: it has a result, and some of its optional steps or items failed (the first 100 are given).
   */
  partial: [job: RunningJob, result: unknown, failures: readonly StepFailure[]];
  /**
   * A job failed for good: in a run here, with the handler's error; or without a run (with a job it depended on, or because
   * workers died under it), with a `JobFailed`. Such an end is emitted by one worker of the job's task that is listened to.
   */
  failed: [job: RunningJob, error: unknown];
  /** An attempt failed; the next one is in `delay` milliseconds. */
  retrying: [job: RunningJob, error: unknown, delay: number];
  /** A job was put back for `delay` milliseconds. */
  snoozed: [job: RunningJob, delay: number];
  /** A job gave its slot back until the jobs it spawned, or otherwise depends on, have ended. */
  waiting: [job: RunningJob];
  /** A job was handed back: the worker stops, or lacks the code of its task (`unknown`). */
  returned: [job: RunningJob];
  /** A job was cancelled, or taken away otherwise, while it ran here; or cancelled while it waited, emitted as `failed` is. */
  cancelled: [job: RunningJob];
  /** A newer job took the place of a job while it ran here; or of one that waited or had ended, emitted as `failed` is. */
  superseded: [job: RunningJob];
  /** A job did not start within its ttl, emitted as `failed` is. */
  expired: [job: RunningJob];
  /** The lease on a job was lost: another worker may be running it. */
  lost: [job: RunningJob];
  /** There is no work; emitted once each time the worker runs out of it. */
  idle: [];
  /**
   * The event loop of the worker was blocked for `ms` milliseconds, more than a second, while inline handlers of these
   * tasks ran. A task is named at most once a minute. Give one that computes for long a `runner` of its own.
   */
  blocked: [tasks: readonly string[], ms: number];
  /**
   * Jobs of this task wait for a worker that has its code: this one has no handler of that name, or does not find its
   * module (`error` says which), and no attempt is counted. Emitted when the worker meets such a job, and while such
   * jobs wait and no worker has the task; at most once a minute for each task.
   */
  unknown: [task: string, error: Error];
  /** Something went wrong that is not a job's failure, such as an engine that does not answer. The worker goes on. */
  error: [error: Error];
  /** It takes no more jobs; those that run have their grace. Emitted once. */
  stopping: [reason: StopReason];
  /** It has stopped and released all its resources. */
  stopped: [];
}

/** The event that the end of a run causes. */
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

/** The event for a run whose settlement the engine has answered. */
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
