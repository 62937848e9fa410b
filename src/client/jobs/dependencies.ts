/** The dependencies of many jobs: 500 jobs of a queue in a command, instead of one. */
import { MAX_JOBS_PER_COMMAND, type DependencyPage, type Engine } from "../../engine/contract/engine.js";
import type { DependencyRecord } from "../../model/job/dependency.js";
import { keyOf, type JobRef } from "../../model/job/job-ref.js";

/** The dependencies of these jobs, by `keyOf` of each; those that have none are left out. */
export async function dependenciesOf(
  engine: Engine,
  refs: readonly JobRef[],
): Promise<ReadonlyMap<string, readonly DependencyRecord[]>> {
  const found = new Map<string, DependencyRecord[]>();
  for (const [queue, ids] of byQueue(refs)) {
    for (let from = 0; from < ids.length; from += MAX_JOBS_PER_COMMAND) {
      const some = ids.slice(from, from + MAX_JOBS_PER_COMMAND);
      let next: DependencyPage["next"] = null;
      do {
        const page: DependencyPage = await engine.dependenciesOf({ queue, ids: some, from: next });
        for (const { of, ...dependency } of page.links) {
          const key = keyOf({ queue, id: some[of] ?? "" });
          const known = found.get(key);
          if (known === undefined) found.set(key, [dependency]);
          else known.push(dependency);
        }
        ({ next } = page);
      } while (next !== null);
    }
  }
  return found;
}

function byQueue(refs: readonly JobRef[]): Map<string, string[]> {
  const ids = new Map<string, string[]>();
  for (const { queue, id } of refs) {
    const known = ids.get(queue);
    if (known === undefined) ids.set(queue, [id]);
    else known.push(id);
  }
  return ids;
}
