/** A task's own status beside a job's state. */

/**
 * A status of the task's own, beside the state that every job has. Every attempt begins at the initial one; the current
 * one is the job's `progress.status`, and watchers receive each change, in order.
 */
export interface JobStatus<Status extends string = string> {
  /** The one set last in this attempt. */
  readonly current: string;
  /**
   * Sets another status; resolves once it is stored, and need not be awaited.
   * @throws IllegalTransition, at once, when the task does not allow it from the current one; InvalidInput for a name
   * it does not know, or when it declares no statuses
   * @example status.set("RUNNING");
   */
  set(to: Status): Promise<void>;
}
