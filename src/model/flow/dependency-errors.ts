/** The errors of jobs that depend on other jobs. */
import { LongshoreError, NonRetryable } from "../errors/errors.js";
import type { JobRef } from "../job/job.js";

/** The code of the failure of a job that needs the result of a removed job. */
export const DEPENDENCY_GONE = "DEPENDENCY_GONE";

/** The message of that failure. */
export function goneMessage({ queue, id }: JobRef): string {
  return `${queue}/${id}, whose result it needs, was removed`;
}

/** The input takes something from the result of a removed job. No attempt can help. */
export class DependencyGone extends NonRetryable {
  constructor(job: JobRef) {
    super(goneMessage(job), { code: DEPENDENCY_GONE });
  }
}

/** The input takes something from a place that is not there: in the result of a job, or in the input itself. */
export class ReferenceNotFound extends NonRetryable {
  constructor(message: string) {
    super(message, { code: "REFERENCE_NOT_FOUND" });
  }
}

/**
 * Thrown by `spawn.all` to give the slot back until the spawned jobs have ended; the job is then run again, and no
 * attempt is counted. Let it pass.
 */
export class Suspended extends LongshoreError {
  constructor() {
    super("SUSPENDED", "the run ends here until the jobs it waits for have ended");
  }
}
