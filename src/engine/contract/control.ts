/** Commands on jobs, and what a sweep answers. */
import type { JobRef, JobSpec } from "../../model/job/job.js";
import type { JobState } from "../../model/job/state.js";
import type { ScheduleRecord } from "./schedules.js";
import type { OverdueSession } from "./worker/session.js";

/**
 * For how long a removed job leaves a trace (milliseconds): a command about it whose answer was lost may be sent again. A client
 * does so for 2 s, the last time for the command timeout of Redis or the 10 s for which SQLite waits for its file, and a network
 * may hold a copy up for minutes.
 */
export const RESEND_WINDOW = 300_000;

/** The most traces of a queue, or a few more: the oldest give way. */
export const MOST_TRACES = 10_000;

/** The answer to a command on one job. */
export interface ControlAnswer {
  /**
   * `applied`; `missing`: no such job; `wrong-state`: not allowed in its state; `conflict`: another job owns its unique
   * key, or a later one its supersede key.
   */
  readonly outcome: "applied" | "missing" | "wrong-state" | "conflict";
  /**
   * The state after the command, before effects of other jobs on it; `null` when the job does not exist or was removed.
   */
  readonly state: JobState | null;
  /** Of a conflict over its unique key: the id of the job that owns it. */
  readonly owner?: string;
}

/** A change to a job that waits. Omitted fields stay as they are. */
export interface JobPatch {
  /** JSON text. */
  readonly input?: string;
  readonly priority?: number;
  readonly due?: JobSpec["due"];
  readonly tags?: readonly string[];
}

/**
 * A command on jobs. `op` is drawn by the client: a command that was applied and is sent again is recognized by it, also behind
 * later ones, and answers `applied` again with the state that the job has now. The last 16 on a job are remembered, for `RESEND_WINDOW` also once it is removed.
 */
export interface ControlParams {
  readonly refs: readonly JobRef[];
  readonly op: string;
}

export interface SweepAnswer {
  readonly promoted: number;
  /** Jobs recovered from dead sessions. */
  readonly recovered: number;
  readonly expired: number;
  /** Jobs removed by retention. */
  readonly removed: number;
  /** Schedules that are due, up to 100 per queue: the worker that swept fires them. */
  readonly schedules: readonly ScheduleRecord[];
  /** Overdue sessions that were not declared dead, up to 500 per queue. */
  readonly overdue: readonly OverdueSession[];
  /**
   * When the next thing is due (a delayed job, the end of a session, a ttl, a schedule that is not due yet): epoch
   * milliseconds, or `null`.
   */
  readonly nextDue: number | null;
  /** When retention removes a job next by its age, unless there is `more`: epoch milliseconds; `null`: never, as far as is known. */
  readonly nextRemoval: number | null;
  /** Did a bound stop the sweep before everything was done? */
  readonly more: boolean;
  /** Do jobs wait in queues that were only looked at? A wake-up may have been lost. Default: false. */
  readonly waiting?: boolean;
  /** Is it known that no job of these queues is set aside? Default: false, they were not looked at for that. */
  readonly noneAside?: boolean;
}
