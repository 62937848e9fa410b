// The command that queues an ended job again: the table of who may be, and of what is forgotten.
import type { JobState } from "../../../src/model/job/state.js";
import type { Unique } from "../../../src/model/job/unique.js";

/** A job that is to be retried. */
export interface RetryCase {
  readonly state: JobState;
  readonly fromStart?: boolean;
  /** Until when it has a unique key, and whether another job owns that now. */
  readonly unique?: { readonly until: Unique["until"]; readonly taken: boolean };
  /** Has it a supersede key? Is it the latest job of that? */
  readonly supersedes?: "latest" | "older";
  /** A flow, all of whose members succeeded or not. */
  readonly flow?: "all succeeded" | "one did not";
  /** The outcome; where it is applied, whether the checkpoints of its runs are dropped. */
  readonly outcome: "applied" | "wrong-state" | "conflict";
  readonly drops?: boolean;
}

const FINISHED = "finished";

export const RETRY_CASES: readonly RetryCase[] = [
  { state: "blocked", outcome: "wrong-state" },
  { state: "delayed", outcome: "wrong-state" },
  { state: "queued", outcome: "wrong-state" },
  { state: "active", outcome: "wrong-state" },
  { state: "superseded", outcome: "wrong-state" },
  { state: "completed", outcome: "applied", drops: true },
  { state: "partial", outcome: "applied", drops: false },
  { state: "failed", outcome: "applied", drops: false },
  { state: "cancelled", outcome: "applied", drops: false },
  { state: "expired", outcome: "applied", drops: false },
  { state: "completed", fromStart: true, outcome: "applied", drops: true },
  { state: "partial", fromStart: true, outcome: "applied", drops: true },
  { state: "failed", fromStart: true, outcome: "applied", drops: true },
  { state: "cancelled", fromStart: true, outcome: "applied", drops: true },
  { state: "expired", fromStart: true, outcome: "applied", drops: true },
  { state: "failed", unique: { until: FINISHED, taken: false }, outcome: "applied", drops: false },
  { state: "failed", unique: { until: FINISHED, taken: true }, outcome: "conflict" },
  { state: "cancelled", unique: { until: FINISHED, taken: true }, outcome: "conflict" },
  { state: "failed", unique: { until: "started", taken: true }, outcome: "applied", drops: false },
  { state: "failed", unique: { until: 1_000, taken: true }, outcome: "applied", drops: false },
  { state: "failed", supersedes: "latest", outcome: "applied", drops: false },
  { state: "cancelled", supersedes: "older", outcome: "conflict" },
  { state: "cancelled", supersedes: "older", unique: { until: FINISHED, taken: false }, outcome: "conflict" },
  { state: "completed", flow: "all succeeded", outcome: "wrong-state" },
  { state: "partial", flow: "all succeeded", outcome: "wrong-state" },
  { state: "cancelled", flow: "all succeeded", outcome: "applied", drops: false },
  { state: "failed", flow: "one did not", outcome: "applied", drops: false },
  { state: "blocked", flow: "one did not", outcome: "wrong-state" },
];
