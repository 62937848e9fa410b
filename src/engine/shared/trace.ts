/**
 * The trace of a removed job: what is remembered of it for a while, so that a command about it that is sent again has no second
 * effect. Mirrored by redis/scripts/lib/jobs/traces.lua.
 */
import type { JobSpec } from "../../model/job/job.js";
import type { JobState } from "../../model/job/state.js";
import { RESEND_WINDOW } from "../contract/engine.js";

/** What is remembered. */
export interface Trace {
  /** The state in which it was removed. */
  readonly state: JobState;
  readonly nonce: string | null;
  /** The last commands on it (operations.ts), the one that removed it included. */
  readonly operations: string | null;
  /** When it was removed, epoch milliseconds. */
  readonly at: number;
}

/** Does a job leave a trace? One that was created long ago does for the command that removes it (`op`) only. */
export function leavesTrace(createdAt: number, op: string | null, now: number): boolean {
  return op !== null || now - createdAt < RESEND_WINDOW;
}

/**
 * Is this the command that made the removed job? The nonce of a spawned job names its parent, behind the parent's queue and a
 * slash: the parent may make it again.
 */
export function isMadeBy({ nonce }: Trace, spec: Pick<JobSpec, "nonce">): boolean {
  return nonce === spec.nonce && !(nonce?.includes("/") ?? false);
}
