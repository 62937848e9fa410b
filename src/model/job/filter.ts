/** Which jobs: the filter of listings and of commands on many jobs. All conditions must hold. */
import type { SlimRecord } from "./fields.js";
import type { JobState } from "./state.js";

/** A filter over jobs. An empty filter matches every job. */
export interface JobFilter {
  readonly queue?: string;
  readonly states?: readonly JobState[];
  readonly task?: string;
  readonly tag?: string;
  /** The fingerprint of the last error. */
  readonly fingerprint?: string;
  /** Text that the id contains. */
  readonly idContains?: string;
  /** Created at or after, epoch milliseconds. */
  readonly createdFrom?: number;
  /** Created before, epoch milliseconds. */
  readonly createdBefore?: number;
}

/** Does a job match? `queue` and `states` are left to the engine, which reads by them. */
export function matchesFilter(job: SlimRecord, filter: JobFilter): boolean {
  return (
    (filter.task === undefined || job.task === filter.task) &&
    (filter.tag === undefined || job.tags.includes(filter.tag)) &&
    (filter.fingerprint === undefined || job.error?.fingerprint === filter.fingerprint) &&
    (filter.idContains === undefined || job.id.includes(filter.idContains)) &&
    (filter.createdFrom === undefined || job.createdAt >= filter.createdFrom) &&
    (filter.createdBefore === undefined || job.createdAt < filter.createdBefore)
  );
}
