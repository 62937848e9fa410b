/**
 * The job, twice: as the client hands it to an engine (`JobSpec`) and as it is read back (`JobRecord`). Payloads are JSON
 * text here: engines store them and never look inside.
 */
import type { Backoff } from "../failure/backoff.js";
import type { Dependency } from "./dependency.js";
import type { Failure } from "../failure/failure.js";
import type { InputReference, Membership } from "./membership.js";
import type { JobRef } from "./job-ref.js";
import type { Progress } from "./progress.js";
import type { Retention } from "./retention.js";
import type { JobState } from "./state.js";
import type { StepFailure } from "../failure/step-failure.js";
import type { Unique } from "./unique.js";

export type { JobRef } from "./job-ref.js";

/** What does not change while a job runs: stored once, handed to the worker with the lease. */
export interface JobBody {
  readonly task: string;
  /** JSON text. */
  readonly input: string;
  readonly backoff: Backoff;
  /** Milliseconds an attempt may run. */
  readonly timeout: number;
  /** The key under which it replaces the job before it: of the jobs of a queue with one key only the latest counts. */
  readonly supersedes: string | null;
  /** The jobs it waits for, no two the same, sorted by queue and id; until they have ended it is `blocked`. */
  readonly after: readonly Dependency[];
  /** What its input takes from their results when it is run. */
  readonly references: readonly InputReference[];
  /** The flow it belongs to. */
  readonly flow: Membership | null;
}

/** What ties a job to others. */
export type JobLinks = Pick<JobSpec, "after" | "references" | "flow" | "role">;

/** The ties of a job that stands alone. */
export const UNLINKED: JobLinks = { after: [], references: [], flow: null, role: "job" };

/** A job as it is handed to an engine: complete, validated, defaults filled in. */
export interface JobSpec extends JobRef, JobBody {
  /** Milliseconds from the engine's now; or an absolute time (epoch milliseconds). 0 = at once. */
  readonly due: { readonly in: number } | { readonly at: number };
  /** Lower first; jobs of one priority run in the order in which they came. */
  readonly priority: number;
  /** The total number of runs. */
  readonly attempts: number;
  /** Milliseconds from enqueueing within which the job must have started. */
  readonly ttl: number | null;
  readonly tags: readonly string[];
  /** JSON text of an object. */
  readonly meta: string | null;
  /** Created `blocked`, until released; beside `after` it waits for both. */
  readonly hold: boolean;
  /** `flow`: it is a flow, which waits for its members and is run by nobody; it has neither `after` nor `flow`, and is `blocked`. */
  readonly role: "job" | "flow";
  readonly unique: Unique | null;
  readonly retention: Retention;
  /**
   * Drawn by the client for each enqueue of a job whose id the caller chose: the same command sent again (its answer was
   * lost) is known by it and answers `created` again. `null` for generated ids, which are their own proof.
   */
  readonly nonce: string | null;
}

/** How an attempt ended. */
export type AttemptOutcome =
  | "completed"
  | "partial"
  | "failed"
  | "snoozed"
  | "waited"
  | "returned"
  | "declined"
  | "cancelled"
  | "superseded"
  | "crashed";

/** One run of a job. */
export interface AttemptRecord {
  /** From 1. A run that was not counted (returned, snoozed, crashed) shares its number with the next one. */
  readonly number: number;
  /** The name of the worker that ran it. */
  readonly worker: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** `null` while it runs. */
  readonly endedAt: number | null;
  readonly outcome: AttemptOutcome | null;
  readonly error: Failure | null;
}

/** A job as it is read back. All times are epoch milliseconds. */
export interface JobRecord extends JobRef {
  readonly state: JobState;
  readonly task: string;
  /** JSON text. */
  readonly input: string;
  /** JSON text; `null` while there is none. */
  readonly result: string | null;
  /** JSON text of an object; `null` if none was ever set. */
  readonly meta: string | null;
  readonly priority: number;
  /** The runs that counted so far, the present one included. A retry by hand starts again at 0. */
  readonly attempt: number;
  /** The most runs there may be. */
  readonly attempts: number;
  /** How often the worker died under it. */
  readonly crashes: number;
  readonly backoff: Backoff;
  readonly timeout: number;
  readonly ttl: number | null;
  readonly tags: readonly string[];
  readonly unique: Unique | null;
  readonly supersedes: string | null;
  readonly retention: Retention;
  readonly role: "job" | "flow";
  /** The jobs it was enqueued to wait for. How they ended: `Engine.dependencies`. */
  readonly after: readonly Dependency[];
  readonly references: readonly InputReference[];
  readonly flow: Membership | null;
  readonly progress: Progress | null;
  /** What failed in a job that half succeeded (`partial`): at most 100. */
  readonly failures: readonly StepFailure[];
  /** The error of the last attempt that had one. */
  readonly error: Failure | null;
  /** Every run, the latest last; the oldest are dropped beyond 50. */
  readonly history: readonly AttemptRecord[];
  readonly createdAt: number;
  /** When a delayed job is due; otherwise when it last became ready. */
  readonly runAt: number;
  /** When the latest run started. */
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** The worker that runs it, while active. */
  readonly worker: string | null;
  /** What is wrong with the stored job, when it cannot be decoded; its payload fields are then empty. */
  readonly problem: string | null;
}

/** How many attempts a job's history keeps. */
export const MOST_ATTEMPT_RECORDS = 50;

/** A job whose worker died this often is failed as *worker lost*. */
export const CRASH_LIMIT = 3;

/** A superseded job that was handed out to tell its application of is handed out again after this, in milliseconds. */
export const SUPERSEDED_AGAIN = 30_000;

/** The code of the failure of a job whose workers died. */
export const WORKER_LOST = "WORKER_LOST";
