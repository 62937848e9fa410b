/**
 * The built-in task `longshore.each`: makes a job of every item of a list, waits for these jobs, and ends with their
 * results.
 */
import { task } from "../define/task.js";
import { EACH_TASK } from "../model/flow/each.js";
import type { Runnable } from "./execution/runnable.js";
import type { RunContext } from "./handler/run-context.js";

/** The task and its code; every worker can run it. */
export const EACH: Runnable = {
  task: Object.freeze({ ...task("each"), name: EACH_TASK }),
  code: async (context) => {
    const { values, errors } = await (context as RunContext).each();
    return { completed: values.length, failed: errors.length };
  },
};
