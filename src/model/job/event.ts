/** Events of jobs and queues, as watchers receive them: ordered within a queue by a sequence number without holes. */
import type { JobRef } from "./job-ref.js";
import type { Progress } from "./progress.js";
import type { Cause, JobState } from "./state.js";

/** A job entered a state. */
export interface StateEvent {
  readonly seq: number;
  readonly at: number;
  readonly kind: "state";
  readonly id: string;
  readonly state: JobState;
  /** The name of its task. */
  readonly task: string;
  /** What moved it there. */
  readonly cause: Cause;
  /** The attempt that begins with this or ended by it; of a job that did not run before, how many attempts it has used. */
  readonly attempt: number;
  /** How long the run took that ended by this, from its lease on, in milliseconds; `null`: none did. */
  readonly duration: number | null;
  /** Of the error, where it failed or will be tried again after a failure; otherwise `null`. */
  readonly fingerprint: string | null;
  /** The flow that it is a member of. */
  readonly flow: JobRef | null;
}

/** An event of one queue. */
export type QueueEvent =
  | StateEvent
  /** A job became a member of the flow with this id. */
  | {
      readonly seq: number;
      readonly at: number;
      readonly kind: "member";
      readonly id: string;
      readonly member: JobRef;
    }
  /** The job reported progress. */
  | {
      readonly seq: number;
      readonly at: number;
      readonly kind: "progress";
      readonly id: string;
      readonly progress: Progress;
    }
  /** The job took a status of its task's own. */
  | { readonly seq: number; readonly at: number; readonly kind: "status"; readonly id: string; readonly name: string }
  /** The job reached a milestone; `value` is the JSON text of what it shows. */
  | {
      readonly seq: number;
      readonly at: number;
      readonly kind: "milestone";
      readonly id: string;
      readonly name: string;
      readonly value: string;
    }
  /** The job was removed, by retention or by hand. */
  | { readonly seq: number; readonly at: number; readonly kind: "removed"; readonly id: string }
  | { readonly seq: number; readonly at: number; readonly kind: "paused" | "resumed" }
  /** A failure group that was resolved has regressed. */
  | { readonly seq: number; readonly at: number; readonly kind: "regressed"; readonly fingerprint: string };

/**
 * Events are recorded while the queue was watched within this time (milliseconds); after that a watcher receives a gap.
 */
export const WATCH_INTEREST = 60_000;

/** A wait for events makes the queue record them for longer once it would do so for less than this (milliseconds). */
export const RENEW_INTEREST_BELOW = WATCH_INTEREST / 2;

/** How many events of a queue are kept for watchers that fall behind. */
export const MOST_EVENTS = 10_000;

/** About how many characters of events one answer has at most, as JSON; one event it has in any case. */
export const MOST_EVENT_TEXT = 1_000_000;

/** May a job have got its last error by moving to a state for this cause? */
export function tellsFailure(state: JobState, cause: Cause): boolean {
  return state === "failed" || cause === "backoff";
}
