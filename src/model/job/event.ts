/** Events of jobs and queues, as watchers receive them: ordered within a queue by a sequence number without holes. */
import type { Progress } from "./progress.js";
import type { JobState } from "./state.js";

/** An event of one queue. */
export type QueueEvent =
  /** The job entered a state. */
  | { readonly seq: number; readonly at: number; readonly kind: "state"; readonly id: string; readonly state: JobState }
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

/** How many events of a queue are kept for watchers that fall behind. */
export const MOST_EVENTS = 10_000;
