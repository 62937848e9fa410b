/**
 * Which workers a queue can count on: those that give signs of life. One that is silent may be stuck or gone; until its lease has lapsed
 * it keeps the jobs that it holds, but what waits does not count on it. The one rule for all that says whether jobs of a queue are served.
 */
import { BUILT_IN } from "../flow/each.js";

/** What says of a worker whether it serves a queue. */
export interface ServingWorker {
  readonly liveness: "alive" | "silent" | "lost";
  readonly queues: readonly string[];
}

/** Those of the workers that serve the queue. */
export function serving<Worker extends ServingWorker>(workers: readonly Worker[], queue: string): Worker[] {
  return workers.filter(({ liveness, queues }) => liveness === "alive" && queues.includes(queue));
}

/** Has a worker the code of a task? Those that are built in every worker has, and none lists. */
export function hasTask({ tasks }: { readonly tasks: readonly { readonly name: string }[] }, task: string): boolean {
  return task.startsWith(BUILT_IN) || tasks.some(({ name }) => name === task);
}
