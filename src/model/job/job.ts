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

export { keyOf, type JobRef } from "./job-ref.js";

/** The part of a job that does not change while it runs: stored once, handed to the worker with the lease. */
export interface JobBody {
  readonly task: string;
  /** JSON text. */
  readonly input: string;
  readonly backoff: Backoff;
  /** Milliseconds an attempt may run. */
  readonly timeout: number;
  /**
   * The key of `supersedes`: a job replaces the one before it with the same key, so of those in a queue only the latest
   * counts.
   */
  readonly supersedes: string | null;
  /** The jobs it waits for, no two the same, sorted by queue and id; it is `blocked` until they have ended. */
  readonly after: readonly Dependency[];
  /** The parts of their results that its input takes when it is run. */
  readonly references: readonly InputReference[];
  /** The flow it belongs to. */
  readonly flow: Membership | null;
}

/** The links of a job to others. */
export type JobLinks = Pick<JobSpec, "after" | "references" | "flow" | "role">;

/** The links of a job without any. */
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
  /**
   * `flow`: it is a flow, `blocked` while it waits for its members; no worker runs it, and it has neither `after` nor
   * `flow`.
   */
  readonly role: "job" | "flow";
  readonly unique: Unique | null;
  readonly retention: Retention;
  /**
   * Drawn by the client for each enqueue of a job with an id of the caller's choice. The same command sent again (its
   * answer was lost) is recognised by it and answers `created` again. `null` for generated ids, which are proof enough.
   */
  readonly nonce: string | null;
}

/**
 * A job for code that lists its fields, such as what stores them: a field that is added to jobs and is not in the list does
 * not compile there.
 */
export type JobWith<Field extends keyof JobSpec> = JobSpec & Readonly<Record<Exclude<keyof JobSpec, Field>, never>>;

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

/** Which code ran a job, as far as its worker said (`connect({ appVersion, environment })`, `task(name, { version })`). */
export interface RanBy {
  /** The version of the application; `null` when unknown. */
  readonly appVersion: string | null;
  /** Where it ran: `"production"`; `null` when unknown. */
  readonly environment: string | null;
  /** The version of the task; `null` when unknown. */
  readonly version: string | null;
}

/** One run of a job, and which code ran it. */
export interface AttemptRecord extends RanBy {
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

/** A job as it is read back, and which code ran it last. All times are epoch milliseconds. */
export interface JobRecord extends JobRef, RanBy {
  readonly state: JobState;
  readonly task: string;
  /** JSON text. */
  readonly input: string;
  /** JSON text; `null` while there is none. */
  readonly result: string | null;
  /** JSON text of an object; `null` if none was ever set. */
  readonly meta: string | null;
  readonly priority: number;
  /** The runs that counted so far, the present one included. A manual retry starts again at 0. */
  readonly attempt: number;
  /** The most runs there may be. */
  readonly attempts: number;
  /** How many workers died while they ran it. */
  readonly crashes: number;
  readonly backoff: Backoff;
  readonly timeout: number;
  readonly ttl: number | null;
  readonly tags: readonly string[];
  readonly unique: Unique | null;
  readonly supersedes: string | null;
  readonly retention: Retention;
  readonly role: "job" | "flow";
  /** The jobs it was enqueued to wait for. `Engine.dependencies` answers how they ended. */
  readonly after: readonly Dependency[];
  readonly references: readonly InputReference[];
  readonly flow: Membership | null;
  readonly progress: Progress | null;
  /** The failures of a job that half succeeded (`partial`): at most 100. */
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
  /** The worker that ran it last, or runs it; `null` before any run. */
  readonly lastWorker: string | null;
  /** The error of decoding the stored job, when that failed; its payload fields are then empty. */
  readonly problem: string | null;
}

/** How many attempts a job's history keeps. */
export const MOST_ATTEMPT_RECORDS = 50;

/** A job with this many worker deaths fails as *worker lost*. */
export const CRASH_LIMIT = 3;
/**
 * From this many on it is a suspect, and a worker leases no other one beside it. After the first death all jobs of that worker
 * run together again: most of them had nothing to do with it.
 */
export const SUSPECT_FROM = 2;

/** A job that ended without a run, claimed to notify its application, is handed out again after this, in milliseconds. */
export const ENDED_AGAIN = 30_000;

/** The code of the failure of such a job. */
export const WORKER_LOST = "WORKER_LOST";
