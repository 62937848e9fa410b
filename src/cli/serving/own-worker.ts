/** A worker in the process of the server. */
import type { Longshore } from "../../client/longshore.js";
import type { AnyTask } from "../../define/task.js";
import type { WorkerOptions } from "../../worker/options.js";
import { logWorker } from "../terminal/worker-log.js";
import type { Log } from "../terminal/log.js";
import type { Workers } from "./workers.js";

/** Runs the tasks in this process. */
export function ownWorker(longshore: Longshore, tasks: readonly AnyTask[], options: WorkerOptions, log: Log): Workers {
  const worker = longshore.worker(tasks, options);
  const { name, queues, concurrency } = worker;
  logWorker(worker, log, { name, queues, tasks: tasks.map((task) => task.name), concurrency });
  return {
    finished: worker.finished.then(() => 0),
    ready: async () => worker.state === "running",
    stop(why) {
      const { running } = worker;
      const wait = running > 0 && worker.state !== "stopping";
      log.write("info", wait ? "Stopping; signal again to skip the wait" : "Stopping", { ...why, running });
      void worker.stop();
    },
  };
}
