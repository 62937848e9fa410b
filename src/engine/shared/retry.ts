/**
 * The command that queues an ended job again, the decision: may it, and what is forgotten. A pure function, shared by the
 * memory and SQLite engines and mirrored by the Redis scripts (control.lua).
 */
import { isSuccess } from "../../model/job/dependency.js";
import { sources, type JobState } from "../../model/job/state.js";
import type { Unique } from "../../model/job/unique.js";
import type { FlowStage } from "./reactions.js";

/** A job that is to be retried, as it is now. Functions read what only some jobs need. */
export interface EndedJob {
  readonly state: JobState;
  /** `null`: it is no flow. */
  readonly flow: FlowStage | null;
  readonly uniqueUntil: Unique["until"] | null;
  readonly supersedes: string | null;
  /** Has it dependencies that did not succeed? */
  readonly willWait: () => boolean;
  /** Does another job own its unique key? */
  readonly isKeyTaken: () => boolean;
  /** Is it the latest job of its supersede key? */
  readonly isLatest: () => boolean;
}

/** How a job is retried. */
export interface RetryPlan {
  /** It takes its unique key again. */
  readonly claimsKey: boolean;
  /** It runs from the start, without the checkpoints of its runs. */
  readonly dropsCheckpoints: boolean;
}

const RETRYABLE: ReadonlySet<JobState> = new Set(sources("retry"));

/** Decides whether an ended job may be queued again. */
export function planRetry(job: EndedJob, fromStart: boolean): RetryPlan | "wrong-state" | "conflict" {
  if (!RETRYABLE.has(job.state) || job.flow === "open") return "wrong-state";
  // A flow that succeeded with all its members has nothing to retry. One that was cancelled when its last member had succeeded
  // already, which it learned too late, ends well at once.
  if (job.flow !== null && isSuccess(job.state) && !job.willWait()) return "wrong-state";
  // A key held until the start, or for a time, was released long ago; one held until the end must be free to be taken again.
  const claimsKey = job.uniqueUntil === "finished";
  if (claimsKey && job.isKeyTaken()) return "conflict";
  // Only the latest job of a supersede key may run.
  if (job.supersedes !== null && !job.isLatest()) return "conflict";
  // The checkpoints of a completed run leave nothing to do.
  return { claimsKey, dropsCheckpoints: fromStart || job.state === "completed" };
}
