/**
 * Cuts a command on many jobs into script calls of one queue each, and short ones, since Redis does nothing else meanwhile.
 */
import { MAX_JOBS_PER_COMMAND } from "../../contract/engine.js";
import type { JobRef } from "../../../model/job/job.js";

/** Some jobs of one queue, by their index in the list given. */
export interface Batch {
  readonly queue: string;
  readonly places: readonly number[];
}

/** The batches of each queue, in order. Batches of one queue must be sent one after the other. */
export function batchesOf(items: readonly JobRef[]): Batch[][] {
  const groups = new Map<string, number[]>();
  for (const [place, { queue }] of items.entries()) {
    const group = groups.get(queue);
    if (group === undefined) groups.set(queue, [place]);
    else group.push(place);
  }
  return [...groups].map(([queue, places]) => {
    const batches: Batch[] = [];
    for (let from = 0; from < places.length; from += MAX_JOBS_PER_COMMAND) {
      batches.push({ queue, places: places.slice(from, from + MAX_JOBS_PER_COMMAND) });
    }
    return batches;
  });
}
