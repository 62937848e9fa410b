/** The built-in task `longshore.bulk`, whose jobs do something to all jobs that match a filter; and how one is enqueued. */
import type { SystemTask } from "../../define/system-task.js";
import { task, type AnyTask } from "../../define/task.js";
import { BULK_QUEUE, BULK_TASK } from "../../model/bulk/bulk.js";
import type { ConnectionContext } from "../connection/context.js";
import { workThrough, type BulkState } from "./bulk-work.js";
import type { BulkPreview } from "./bulk-count.js";
import type { BulkInput } from "./bulk-request.js";

/** A failure of the engine is waited out for an hour; nothing else makes it fail. */
const OPTIONS = {
  attempts: 20,
  backoff: { type: "exponential", delay: "2s", max: "5m" },
  keep: { completed: "7d", failed: "7d" },
} as const;

export const BULK: AnyTask = Object.freeze({ ...task("bulk", OPTIONS), name: BULK_TASK, queue: BULK_QUEUE });

/** The task with its code, which works through this connection: for the workers, or a server, that run it. */
export function bulkTask(connection: ConnectionContext): SystemTask {
  return {
    task: BULK,
    code: async ({ job, input, signal, progress, kept }) => {
      const earlier = (await kept.read()) as BulkState | undefined;
      const options = {
        engine: connection.engine,
        id: job.id,
        input: input as BulkInput,
        signal,
        send: <T>(command: () => T | Promise<T>) => connection.send(command),
        keep: (state: BulkState) => kept.write(state),
        progress: (done: number, { matched, exact }: BulkPreview) => {
          if (exact) progress(done, Math.max(done, matched, 1), `${done} of ${matched} jobs`);
          else progress(0, `${done} jobs`);
        },
      };
      return workThrough(options, earlier ?? null);
    },
  };
}
