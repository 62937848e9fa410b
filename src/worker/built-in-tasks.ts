/** The built-in task `longshore.each`: makes a job of every item of a list, waits for them, and ends as they did. */
import { task } from "../define/task.js";
import { EACH_TASK } from "../model/flow/each.js";
import type { Runnable } from "./execution/runnable.js";
import type { RunContext } from "./handler/run-context.js";

/** What the handler of the built-in task is made from: any worker can run it. */
export const EACH: Runnable = {
  task: Object.freeze({ ...task("each"), name: EACH_TASK }),
  code: async (context) => {
    const { values, errors } = await (context as RunContext).each();
    return { completed: values.length, failed: errors.length };
  },
};
