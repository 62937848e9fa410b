/** Dependencies: a job waits for other jobs, and `ifFailed` decides what happens when one does not succeed. */
import type { JobRef } from "./job-ref.js";
import type { JobState, TerminalState } from "./state.js";

/** What happens to a job when a dependency does not succeed. */
export const POLICIES = ["fail", "cancel", "continue"] as const;

/**
 * What becomes of a job when a dependency does not succeed (it failed, was cancelled, expired, superseded or removed):
 * `"fail"`: it fails; `"cancel"`: it is cancelled; `"continue"`: it runs all the same, and can read the failure.
 */
export type DependencyPolicy = (typeof POLICIES)[number];

/** A job that another one waits for. */
export interface Dependency extends JobRef {
  readonly ifFailed: DependencyPolicy;
}

/** How a dependency ended; one that is not there (any more) counts as removed. */
export type DependencyEnd = TerminalState | "removed";

/** A dependency as it is read back. */
export interface DependencyRecord extends Dependency {
  /** How it ended; `null` while it is waited for. */
  readonly state: DependencyEnd | null;
}

/** Does an end in this state let dependents go on as planned? */
export function isSuccess(state: JobState | DependencyEnd): boolean {
  return state === "completed" || state === "partial";
}

/** The code of the failure of a job whose dependency did not succeed. */
export const DEPENDENCY_FAILED = "DEPENDENCY_FAILED";

/** The message of the failure of such a job. */
export function dependencyMessage({ queue, id }: JobRef, state: DependencyEnd): string {
  return `${queue}/${id}, which it depends on, ended as ${state}`;
}

/** The most dependencies a job may be enqueued with. */
export const MOST_DEPENDENCIES = 1_000;
