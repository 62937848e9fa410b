/** How many jobs a bulk job is going to touch, as `longshore.jobs(query).count()` counts them. */
import type { Engine } from "../../engine/contract/engine.js";
import type { JobFilter } from "../../model/job/query/filter.js";
import { countJobs } from "../jobs/job-counts.js";

/** How many jobs match now. */
export interface BulkPreview {
  readonly matched: number;
  /** `false`: at least so many, the count went no further. */
  readonly exact: boolean;
}

export async function countMatching(engine: Engine, filter: JobFilter, signal?: AbortSignal): Promise<BulkPreview> {
  const { count, atLeast } = await countJobs(engine, filter, signal);
  return { matched: count, exact: !atLeast };
}
