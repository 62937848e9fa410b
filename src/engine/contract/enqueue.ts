/** What is answered when jobs are accepted, and when a flow begins. */
import type { JobState } from "../../model/job/state.js";

/** The answer to one job of `enqueue`. */
export interface EnqueueAnswer {
  /** The job's id, or the id of the job it joined. */
  readonly id: string;
  /**
   * `created`; `existing`: a job with this id exists; `joined`: a job with this unique key exists; `rejected`: likewise,
   * and the spec asks to be rejected; `replaced`: likewise, and this job's input replaced that one's.
   */
  readonly outcome: "created" | "existing" | "joined" | "rejected" | "replaced";
  readonly state: JobState;
}

/** The answer to `commitFlow`; `incomplete`: fewer members than announced have joined the flow. */
export type CommitAnswer = "committed" | "incomplete" | "missing" | "ended";
