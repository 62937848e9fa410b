/**
 * Cuts a command on many jobs into script calls of one queue each, and short ones, since Redis does nothing else meanwhile.
 */
import { MAX_JOBS_PER_COMMAND } from "../../contract/engine.js";
import { EnqueueSize } from "../../contract/enqueue-size.js";
import type { JobRef, JobSpec } from "../../../model/job/job.js";

/** Some jobs of one queue, by their index in the list given. */
export interface Batch {
  readonly queue: string;
  readonly places: readonly number[];
}

/** A call that is being filled: takes a job if there is room for it, the first always. */
interface Room<Item> {
  take(item: Item): boolean;
}

/** The batches of each queue, in order. Batches of one queue must be sent one after the other. */
export function batchesOf(items: readonly JobRef[]): Batch[][] {
  return cutByQueue(items, roomForJobs);
}

/** The same for jobs to be stored: also of few entries each. */
export function enqueueBatchesOf(jobs: readonly JobSpec[]): Batch[][] {
  return cutByQueue(jobs, () => new EnqueueSize(MAX_JOBS_PER_COMMAND));
}

function roomForJobs(): Room<JobRef> {
  let left = MAX_JOBS_PER_COMMAND;
  return { take: () => (left -= 1) >= 0 };
}

function cutByQueue<Item extends JobRef>(items: readonly Item[], makeRoom: () => Room<Item>): Batch[][] {
  const queues = new Map<string, { room: Room<Item>; readonly parts: number[][] }>();
  for (const [place, item] of items.entries()) {
    let queue = queues.get(item.queue);
    if (queue === undefined) {
      queue = { room: makeRoom(), parts: [[]] };
      queues.set(item.queue, queue);
    }
    if (!queue.room.take(item)) {
      queue.room = makeRoom();
      queue.room.take(item);
      queue.parts.push([]);
    }
    queue.parts.at(-1)?.push(place);
  }
  return [...queues].map(([queue, { parts }]) => parts.map((places) => ({ queue, places })));
}
