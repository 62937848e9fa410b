/** The exchange: settling outcomes, claiming and leasing, and what is reported of a run meanwhile. */
import type { Failure } from "../../../model/failure/failure.js";
import type { StepFailure } from "../../../model/failure/step-failure.js";
import type { Checkpoint } from "../../../model/job/report/checkpoint.js";
import type { JobBody, JobRef } from "../../../model/job/job.js";
import type { LogLine } from "../../../model/job/report/log.js";
import type { Progress } from "../../../model/job/progress.js";
import type { Measured } from "./series.js";

/** The most jobs one exchange promotes: the bound that keeps it short. An engine may promote fewer when much is written for each. */
export const MOST_PROMOTED = 500;

/**
 * A claim stops once the stored bodies of its leases exceed so many bytes (characters of input), however many jobs it asks for:
 * one lease is given at least, and the answer says that there is more.
 */
export const MOST_CLAIMED_BYTES = 1_000_000;

/** What a worker reports at the end of a run. */
export type Outcome =
  | { readonly kind: "complete"; readonly result: string | null }
  /** Part of the work failed; the failures are stored beside the result. */
  | { readonly kind: "partial"; readonly result: string | null; readonly failures?: readonly StepFailure[] }
  /** `retryIn`: milliseconds to wait before the next attempt; `null`: do not try again. */
  | { readonly kind: "fail"; readonly error: Failure; readonly retryIn: number | null }
  /** Run again after `delay` milliseconds; the run does not count. */
  | { readonly kind: "snooze"; readonly delay: number }
  /** Returned to the head of the queue; the run does not count. */
  | { readonly kind: "return" }
  /**
   * This worker does not have the task's code; another may. The job is set aside: it stays `queued`, at its place, but only
   * a claim that names its task leases it again. The run does not count.
   */
  | { readonly kind: "decline" }
  /** Run again when all its dependencies have ended (`Report.after` adds dependencies); the run does not count. */
  | { readonly kind: "wait" };

/** The fence: a write is applied only if this is the job's current lease. */
export interface LeaseRef extends JobRef {
  /** The number of the exchange that gave the lease, counted per queue: no two leases of a job have the same. */
  readonly epoch: number;
}

/** A lease taken away by a command, and by which. */
export interface Revocation extends LeaseRef {
  readonly cause: "cancel" | "supersede";
}

/** An outcome and the lease it ends. */
export interface Settlement extends LeaseRef {
  readonly outcome: Outcome;
  /**
   * What is counted of it in the series, in the same step as it is applied, so exactly once however often it is sent. Default:
   * nothing.
   */
  readonly measured?: Measured;
}

/** The answer to a fenced write. Sending an applied one again answers `applied` again. */
export type FencedAnswer = "applied" | "stale";

/**
 * The answer to a settlement in an exchange. `unanswered`: the queue did not answer, as when its node of a cluster is down;
 * the settlement may have been applied or not, and is to be sent again.
 */
export type SettlementAnswer = FencedAnswer | "unanswered";

/** A queue that did not answer while others did, and why. */
export interface QueueOutage {
  readonly queue: string;
  readonly error: Error;
}

/** A lease: the right of one session to run one job, with all that the run needs. */
export interface Lease extends LeaseRef {
  /** The number of this run, from 1. */
  readonly attempt: number;
  readonly attempts: number;
  readonly crashes: number;
  /** Was it recovered from a second dead worker, with no run ended since? A session leases one such job at a time. */
  readonly suspect: boolean;
  /**
   * Since when it has been declined, with no run by any worker in between: epoch milliseconds; `null`: it was not declined.
   */
  readonly declinedAt: number | null;
  /** `null` when the stored body cannot be decoded; `problem` then says why. */
  readonly body: JobBody | null;
  readonly problem: string | null;
  /** Have earlier runs left checkpoints? */
  readonly checkpoints: boolean;
  readonly tags: readonly string[];
  readonly meta: string | null;
  readonly priority: number;
  readonly createdAt: number;
  /** Epoch milliseconds at which it became ready. */
  readonly runAt: number;
  readonly leasedAt: number;
}

/** How much work a session asks for. */
export interface Claim {
  /** In strict order: a queue is asked only when the ones before it gave fewer than `max`. */
  readonly queues: readonly string[];
  readonly max: number;
  /** May one of the leased jobs be a suspect? */
  readonly suspect: boolean;
  /**
   * The tasks whose jobs may be leased from those set aside: before all others where their place is before the head of the
   * queue, else after the queue. While any job is set aside, each name costs a lookup. Default: none.
   */
  readonly tasks?: readonly string[];
  /**
   * The session's time to live without a heartbeat, in milliseconds, from the moment it is given a job, unless it is
   * shorter already. A worker at rest has a long one and sends few heartbeats; a job it is given must not wait that long if
   * the worker dies. Default: unchanged.
   */
  readonly ttl?: number;
}

export interface ExchangeAnswer {
  /**
   * `false`: in one of the queues asked, the session has ended or was never opened. Nothing was done there, and every
   * settlement of that queue is stale. A queue is asked when a settlement is for it, or when work may still be leased from
   * it.
   */
  readonly alive: boolean;
  /** One per settlement, in order. */
  readonly settled: readonly SettlementAnswer[];
  readonly leases: readonly Lease[];
  /** Is more work waiting in the claimed queues? Jobs set aside count if the claim names their task. */
  readonly more: boolean;
  /**
   * When the next delayed job of the claimed queues is due, or their next schedule unless it is due already, or, in one that gave
   * nothing, the end of the next `ttl` that is not over; `null` if there is none. Epoch milliseconds.
   */
  readonly nextDue: number | null;
  /** Queues that were asked and are paused: what was leased from them ahead is not to begin. Default: none. */
  readonly paused?: readonly string[];
  /**
   * Queues that were asked, or are left out for now, and did not answer. They are no reason to send the command again: what
   * the others answered holds. Default: none.
   */
  readonly unavailable?: readonly QueueOutage[];
}

/** Something a running job reports. Omitted fields stay as they are. */
export interface Report extends LeaseRef {
  readonly progress?: Progress;
  /** Stored under their numbers; at most 500. Milestones and statuses are also emitted as events. */
  readonly checkpoints?: readonly Checkpoint[];
  /** JSON text of an object; replaces the job's meta. */
  readonly meta?: string;
  /** Appended to the job's log. */
  readonly lines?: readonly LogLine[];
  /**
   * The number of this report among those of its lease that have lines: it rises. A report sent again, or a late copy of an
   * earlier one, adds no lines; who reports sends the next only once the one before was answered. Default: the lines are
   * appended each time.
   */
  readonly number?: number;
  /** Jobs it depends on from now on, however they end, besides those it was enqueued with; at most 500. */
  readonly after?: readonly JobRef[];
}
