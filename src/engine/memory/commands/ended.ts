/** Jobs that ended without a run, and whose application is to be notified by a worker. */
import { ENDED_AGAIN, type JobRef } from "../../../model/job/job.js";
import type { MemoryQueue } from "../store/store.js";

/** Are there any of these tasks to be claimed? */
export function hasEnded(queue: MemoryQueue, tasks: readonly string[], now: number): boolean {
  return [...queue.ended].some(([id, due]) => due <= now && tasks.includes(queue.jobs.get(id)?.spec.task ?? ""));
}

/** Claims some of them, by task and id. */
export function claimEnded(queue: MemoryQueue, tasks: readonly string[], limit: number, now: number): JobRef[] {
  const pending = tasks.flatMap((task) =>
    [...queue.ended]
      .filter(([id, due]) => due <= now && queue.jobs.get(id)?.spec.task === task)
      .map(([id]) => id)
      .toSorted(),
  );
  const claimed = pending.slice(0, limit);
  for (const id of claimed) queue.ended.set(id, now + ENDED_AGAIN);
  return claimed.map((id) => ({ queue: queue.name, id }));
}
