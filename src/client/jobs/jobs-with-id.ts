/** Where a bare id lives: one queue for a generated id, any number for an id that callers chose. */
import { MAX_JOBS_PER_COMMAND, type Engine } from "../../engine/contract/engine.js";
import type { JobRef } from "../../model/job/job.js";
import { ID_LENGTH, mayBelongTo } from "../../model/value/id.js";

/** The queues that have a job with this id, in the order of their names. */
export async function jobsWithId(engine: Engine, id: string): Promise<JobRef[]> {
  const [found] = await engine.findJobs({ ids: [id], fields: [] });
  if (found === null || found === undefined) return [];
  // A generated id meets no other.
  if (id.length === ID_LENGTH && mayBelongTo(id, found.queue)) return [{ queue: found.queue, id }];
  const refs = (await engine.queues()).map(({ name }) => ({ queue: name, id }));
  const there: JobRef[] = [];
  for (let from = 0; from < refs.length; from += MAX_JOBS_PER_COMMAND) {
    const part = refs.slice(from, from + MAX_JOBS_PER_COMMAND);
    const records = await engine.getJobs({ refs: part, fields: [] });
    there.push(...part.filter((_, index) => records[index] !== null));
  }
  return there;
}
