/**
 * Hooks around every run of a worker: tracing, connections per job, metrics. They are awaited; without hooks a run has
 * no overhead.
 */
import type { Outcome } from "../../engine/contract/engine.js";
import type { JobContext } from "../../define/context.js";

/** How a run ended, as hooks see it. */
export interface SettledRun {
  /** What is settled: `"complete"`, `"partial"`, `"fail"`, `"snooze"`, `"wait"`, `"return"` or `"decline"`. */
  readonly kind: Outcome["kind"];
  /** What the handler returned. */
  readonly result: unknown;
  /** What the handler threw. */
  readonly error: unknown;
}

/**
 * Hooks around every run.
 * @example
 * const timing: Middleware = {
 *   onStart: ({ job }) => console.time(job.id),
 *   onSettle: ({ job }) => console.timeEnd(job.id),
 * };
 */
export interface Middleware {
  /** Before the handler, in the order given. What it throws fails the attempt as if the handler had thrown it. */
  onStart?(context: JobContext<unknown>): void | Promise<void>;
  /**
   * After the handler and before the outcome is settled, in reverse order; also when the run timed out. What it throws
   * is emitted as the worker's `error` event and changes nothing.
   */
  onSettle?(context: JobContext<unknown>, ending: SettledRun): void | Promise<void>;
}
