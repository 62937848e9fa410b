/**
 * Why a job does not run right now: each thing that stands in its way, as data. `reason-text.ts` puts them into words; all
 * that shows jobs uses both.
 */
import type { JobRef } from "../job/job-ref.js";
import type { JobState, TerminalState } from "../job/state.js";
import type { Suspension } from "./suspension.js";

/** The most jobs that a reason names; its numbers count all of them. */
export const MOST_NAMED = 5;

/** A job that another one waits for, as it is now. */
export interface AwaitedJob extends JobRef {
  readonly task: string;
  readonly state: JobState;
}

/** A worker that holds a job, and how sure its life is. */
export interface HoldingWorker {
  readonly name: string;
  readonly liveness: "alive" | "silent" | "lost" | "unknown";
  /** When its lease lapses without a further sign of life: epoch milliseconds; `null` when no such worker is listed. */
  readonly leaseEndsAt: number | null;
}

/** What stands in a job's way. Times are epoch milliseconds of the engine's clock. */
export type ReasonData =
  /** It has ended; it is not waiting for anything. */
  | { readonly kind: "ended"; readonly state: TerminalState; readonly at: number | null; readonly error: string | null }
  /** It runs. */
  | { readonly kind: "active"; readonly worker: HoldingWorker; readonly since: number }
  /** Its queue is paused. `since`: `null` when that is not known. */
  | { readonly kind: "paused"; readonly queue: string; readonly since: number | null }
  /** It is not due. `cause`: it waits before its next attempt, its handler asked for a later run, or it was enqueued so. */
  | {
      readonly kind: "delayed";
      readonly until: number;
      readonly cause: "retry" | "snoozed" | "scheduled";
      /** The attempt that comes next, and how many there may be. */
      readonly attempt: number;
      readonly attempts: number;
    }
  /** It was enqueued with `hold` and has not been released. */
  | { readonly kind: "held" }
  /** It waits for other jobs; a flow for its members. `by` names the first of those that have not ended. */
  | {
      readonly kind: "blocked";
      readonly by: readonly AwaitedJob[];
      readonly open: number;
      readonly all: number;
      readonly isFlow: boolean;
      /** How many of those that have ended did not succeed. */
      readonly failed: number;
    }
  /** No living worker serves its queue. `lost`: of those that are gone, the last sign of life of the latest. */
  | { readonly kind: "no-worker"; readonly queue: string; readonly lastSeenAt: number | null }
  /** Workers serve its queue, and none of them has its task. `tasks`: some that they have. */
  | {
      readonly kind: "no-task";
      readonly task: string;
      readonly queue: string;
      readonly workers: number;
      readonly tasks: readonly string[];
    }
  /** All slots of the workers that could run it are taken. */
  | { readonly kind: "busy"; readonly workers: number; readonly slots: number }
  /** Workers that could run it take no work at present. `by` names the first of them, each with why. */
  | {
      readonly kind: "suspended";
      readonly workers: number;
      readonly by: readonly { readonly name: string; readonly why: readonly Suspension[] }[];
    }
  /** Workers died while they ran it, so it runs beside no other such job. */
  | { readonly kind: "suspect"; readonly crashes: number }
  /** Other jobs are before it. `next`: the priority of the first of them, when that is a higher one. */
  | {
      readonly kind: "position";
      readonly place: number;
      readonly of: number;
      readonly priority: number;
      readonly next: number | null;
    }
  /** Nothing is in its way: a worker takes it with its next exchange. */
  | { readonly kind: "soon" };

/** One reason, and the same in words. */
export type Reason = ReasonData & { readonly text: string };
