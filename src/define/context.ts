/**
 * The context of a handler. Every part can be destructured (`({ input, progress }) => …`), and has a cost only when it
 * is used. Calls after the end of the run are ignored.
 */
import type { Json } from "../model/value/codec.js";
import type { Emit } from "./milestones.js";
import type { EndedDependency, Spawn } from "./spawn.js";
import type { Step } from "./step.js";

/** The job a handler runs for, as it was when it was leased. Times are epoch milliseconds. */
export interface RunningJob {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  /** The number of this run: 1 for the first. */
  readonly attempt: number;
  /** The most runs there may be. */
  readonly attempts: number;
  /** How often a worker died under it. */
  readonly crashes: number;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly createdAt: number;
  /** When it became ready. */
  readonly runAt: number;
  readonly startedAt: number;
}

/** Writes to the job's own log: at most 1,000 lines are kept, the newest, and a line is cut at 2,000 characters. */
export interface JobLogger {
  /** Writes a line of level `info`. */
  (message: string): void;
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** The job's meta: a small object (at most 16 KiB of JSON) that can be read from outside while the job runs. */
export interface JobMeta {
  /** The whole object; empty when none was set. */
  get(): { readonly [key: string]: unknown };
  /** Replaces it. @throws InvalidInput, PayloadTooLarge */
  set(meta: { readonly [key: string]: Json }): void;
  /** Replaces some of its keys. @throws InvalidInput, PayloadTooLarge */
  merge(meta: { readonly [key: string]: Json }): void;
}

/**
 * A status of the task's own, beside the state that every job has. Every attempt begins at the initial one; the current
 * one is the job's `progress.status`, and watchers receive each change, in order.
 */
export interface JobStatus<Status extends string = string> {
  /** The one set last in this attempt. */
  readonly current: string;
  /**
   * Sets another status; resolves once it is stored, and need not be awaited.
   * @throws IllegalTransition, at once, when the task does not allow it from the current one; InvalidInput for a name
   * it does not know, or when it declares no statuses
   * @example status.set("RUNNING");
   */
  set(to: Status): Promise<void>;
}

/**
 * Reports the progress of the work, with an optional message. Sent within 100 ms; the last one wins. Where the task
 * declares its steps, percent is computed from them: within a step the report is about that step, outside of steps only
 * the message counts. Elsewhere it is the job's percent, within a plain step too: at most 99 until the job has ended
 * well, and never lower than it was in this attempt. Never throws: a number out of range is clamped, a value that is no
 * number is left out, and the job's log has a line about it, once in a run.
 */
export interface ReportProgress {
  /** In percent: 0 to 100. */
  (percent: number, message?: string): void;
  /** So many of how many: `progress(i, pages.length, `page ${i}`)`. */
  (done: number, total: number, message?: string): void;
}

/**
 * The context of a handler. `StepName` is the union of its steps' names, `Milestones` the values of its milestones by
 * name; both follow from the options of the task.
 */
export interface JobContext<
  Input,
  StepName extends string = string,
  Milestones = Record<string, unknown>,
  Status extends string = string,
> {
  /** The job's input, as the task's schema made it. */
  readonly input: Input;
  readonly job: RunningJob;
  /**
   * Aborts when the run should end; `signal.reason` is the cause: `TimedOut`, `Cancelled`, `LeaseLost`, `ShuttingDown`.
   * Pass it to every call that waits (`fetch`, `setTimeout` of `node:timers/promises`). A handler that ignores it goes
   * on, but its return value is dropped.
   */
  readonly signal: AbortSignal;
  /** Runs named parts of the job that are not run again once they have ended well. */
  readonly step: Step<StepName>;
  readonly progress: ReportProgress;
  /** Emits a milestone: a value to be seen before the job ends. */
  readonly emit: Emit<Milestones>;
  /** The job's status in the words of its task, for tasks that declare `statuses`. */
  readonly status: JobStatus<Status>;
  /**
   * Adds to a named number that is shown with the job's progress. Counted within a step it is stored with the step's
   * output, and stays right however often the job is retried; outside of steps it counts for this attempt. Never
   * throws: a number that cannot be counted is left out, and the job's log has a line about it, once in a run.
   * @param name 1 to 100 bytes of text; at most 50 of them in a job
   * @param by a finite number; default: 1
   * @example count("issues", found.length);
   */
  readonly count: (name: string, by?: number) => void;
  readonly log: JobLogger;
  readonly meta: JobMeta;
  /** Spawns other jobs, and waits for them without a slot. */
  readonly spawn: Spawn;
  /**
   * The jobs that this one waited for, by queue and id: those it was enqueued `after`, and those it made by `spawn.all`.
   * Read when it is first called, once in a run.
   * @example for (const { id, state, error } of await dependencies()) log(`${id} ended as ${state}: ${error?.message}`);
   */
  readonly dependencies: () => Promise<readonly EndedDependency[]>;
}
