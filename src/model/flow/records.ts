/** A flow as it is stored, and what its job keeps for it beside what it was given. */
import type { DependencyRecord } from "../job/dependency.js";
import type { JobRecord } from "../job/job.js";

/** The job of a flow, and those of its members that are there. */
export interface FlowRecords {
  readonly flow: JobRecord;
  /** Its members, by queue and id, as it knows them. */
  readonly known: readonly DependencyRecord[];
  readonly members: readonly JobRecord[];
}
