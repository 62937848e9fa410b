/**
 * The current job without passing its context along, for loggers and the like. Only in workers with the option
 * `currentJob`.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { LongshoreError } from "../../model/errors/errors.js";
import type { JobContext } from "../../define/context.js";

/** Holds the context of a run while its handler runs. */
export const currentContext = new AsyncLocalStorage<JobContext<unknown>>();

/**
 * The context of the job that is running here: its id, signal, steps, log, progress and meta. Works in everything a handler
 * calls and awaits, in workers started with `currentJob: true`.
 * @throws LongshoreError (`NO_CURRENT_JOB`) outside of a handler
 * @example
 * longshore.worker([scan], { currentJob: true });
 * function audit(text: string) { currentJob().log.info(text); }
 */
export function currentJob(): JobContext<unknown> {
  const context = currentContext.getStore();
  if (context === undefined) {
    throw new LongshoreError(
      "NO_CURRENT_JOB",
      "currentJob() was called outside of a handler, or in a worker without the option currentJob: true",
    );
  }
  return context;
}
