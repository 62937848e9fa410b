/** Counts the jobs that match, up to a bound: how many a bulk job is going to touch. */
import { MAX_JOBS_PER_COMMAND, type Engine, type JobPage } from "../engine/contract/engine.js";
import type { JobFilter } from "../model/job/filter.js";

/** The highest number that is counted to. */
const MOST_COUNTED = 10_000;

/** How many jobs match now. */
export interface BulkPreview {
  readonly matched: number;
  /** `false`: at least so many, the count went no further. */
  readonly exact: boolean;
}

export async function countMatching(engine: Engine, filter: JobFilter, signal?: AbortSignal): Promise<BulkPreview> {
  let matched = 0;
  let cursor: string | null = null;
  do {
    signal?.throwIfAborted();
    const page: JobPage<never> = await engine.listJobs({ filter, cursor, limit: MAX_JOBS_PER_COMMAND, fields: [] });
    matched += page.jobs.length;
    ({ cursor } = page);
  } while (cursor !== null && matched < MOST_COUNTED);
  return { matched, exact: cursor === null };
}
