/** A flow as it is stored: its job, and the members that are still there. */
import type { DependencyRecord } from "../job/dependency.js";
import type { JobRecord } from "../job/job.js";

/** The job of a flow, and those of its members that are there. */
export interface FlowRecords {
  readonly flow: JobRecord;
  /** Its members, by queue and id, as the flow's job lists them. */
  readonly known: readonly DependencyRecord[];
  readonly members: readonly JobRecord[];
}
