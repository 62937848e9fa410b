/** A job that did not end well, as an error. */
import { HttpError } from "../connection/errors.js";
import type { JobError, JobState } from "../connection/types.js";

/** A job ended as failed, cancelled, expired or superseded, when its result was waited for. */
export class HttpJobFailed extends HttpError {
  readonly jobId: string;
  /** How it ended. */
  readonly state: JobState;
  /** The last error of its runs; `null` when none was recorded. */
  readonly error: JobError | null;

  constructor(jobId: string, state: JobState, error: JobError | null) {
    super("HttpJobFailed", "JOB_FAILED", `job ${jobId} is ${state}: ${error?.message ?? "no error was recorded"}`);
    this.jobId = jobId;
    this.state = state;
    this.error = error;
  }
}
