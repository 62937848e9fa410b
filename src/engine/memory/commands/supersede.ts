/** Superseding: a newer job with the same key takes the place of the one before it. */
import type { JobSpec } from "../../../model/job/job.js";
import { sources } from "../../../model/job/state.js";
import type { Revocation } from "../../contract/engine.js";
import { revoke } from "./settle.js";
import { finish, recordAttempt } from "../store/transitions.js";
import type { MemoryJob } from "../store/job.js";
import type { MemoryQueue, MemorySession } from "../store/store.js";

/** What superseding works on; `revoked` collects the leases it took. */
export interface Supersession {
  readonly sessions: Map<string, MemorySession>;
  readonly revoked: { readonly session: string; readonly lease: Revocation }[];
  readonly now: number;
}

/** The job that a new one with this spec supersedes. */
export function predecessor(queue: MemoryQueue, spec: JobSpec): MemoryJob | null {
  const id = spec.supersedes === null ? undefined : queue.latest.get(spec.supersedes);
  const job = id === undefined ? undefined : queue.jobs.get(id);
  return job !== undefined && sources("supersede").includes(job.state) ? job : null;
}

/** Ends the job as superseded. */
export function supersede(queue: MemoryQueue, job: MemoryJob, { sessions, revoked, now }: Supersession): void {
  if (job.session !== null) {
    const lease = { queue: queue.name, id: job.id, epoch: job.epoch, cause: "supersede" as const };
    revoked.push({ session: job.session, lease });
    recordAttempt(job, job.session, "superseded", now);
    revoke(sessions.get(job.session), job, "supersede");
  }
  finish(queue, job, "superseded", "supersede", now);
}
