/** A job as the documents of other systems need it: plain values, times in ISO 8601, nothing left to look up. */
import { JobNotFound, Undecodable } from "../../model/errors/errors.js";
import { isSuccess } from "../../model/job/dependency.js";
import type { JobSnapshot } from "../../model/job/query/snapshot.js";
import { isTerminal, type JobState } from "../../model/job/state.js";
import { FlowJob, type FlowView } from "../jobs/flow-job.js";
import type { FlowPart } from "../jobs/flow-result.js";
import type { Job } from "../jobs/job.js";
import type { Longshore } from "../longshore.js";
import { chainPercent } from "./chain.js";

/** A job, for a document of another system. Times are ISO 8601 in UTC. */
export interface DocumentJob {
  readonly id: string;
  readonly queue: string;
  readonly task: string;
  readonly state: JobState;
  /** Its place in the queue, 1 = next; `null` unless it is queued. */
  readonly position: number | null;
  /** 0 to 100; 0 before it reported any, 100 only once it ended well. Of a flow: that of its jobs. */
  readonly percent: number;
  /**
   * How far it is with all the jobs that it waits for, and that those wait for: the mean of their percents; of a member of a flow
   * that of the flow. 0 while none of them ran, 100 only once it ended well. The same as `percent` unless the profile has
   * `chain: true`.
   */
  readonly chainPercent: number;
  /** The last message of its handler. */
  readonly message: string | null;
  /** Its step in flight, by its own name. */
  readonly step: string | null;
  readonly counters: Readonly<Record<string, number>>;
  readonly milestones: readonly string[];
  readonly tags: readonly string[];
  /** `null` on a server, as `result`, when the token may not read payloads; `meta` is empty then. */
  readonly input: unknown;
  /** What it returned; `null` unless it ended well. Of a flow: with what its jobs gave in it. */
  readonly result: unknown;
  readonly meta: Readonly<Record<string, unknown>>;
  /** The last error, also while it waits for its next attempt. */
  readonly error: { readonly name: string; readonly message: string; readonly code: string | null } | null;
  /** Why it has no result: the message of its error, or how it ended. `null` unless it ended, and not well. */
  readonly failure: string | null;
  readonly attempt: number;
  readonly attempts: number;
  readonly createdAt: string;
  readonly runAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** How much of a flow is read. */
export interface DocumentView extends FlowView {
  /** Changes what one of its jobs, of this task, gave, before it stands in the result. Default: nothing is changed. */
  readonly part?: FlowPart;
}

/** Reads a job with all that a document of it may say. @throws JobNotFound */
export async function readDocumentJob(
  longshore: Longshore,
  job: Job,
  { chain, part, ...view }: DocumentView & { readonly chain: boolean },
): Promise<DocumentJob> {
  const snapshot = await job.refresh();
  const { state, error } = snapshot;
  const well = isSuccess(state);
  const [progress, position, result] = await Promise.all([
    job instanceof FlowJob ? job.progress(view) : snapshot.progress,
    state === "queued" ? job.position() : null,
    well ? resultOf(job, snapshot, part) : null,
  ]);
  const percent = well ? 100 : (progress?.percent ?? 0);
  return {
    id: job.id,
    queue: job.queue,
    task: snapshot.task,
    state,
    position,
    percent,
    chainPercent: chain && !well ? await chainOf(longshore, snapshot, percent, view) : percent,
    message: progress?.message ?? null,
    step: progress?.step ?? null,
    counters: { ...progress?.counters },
    milestones: [...(progress?.milestones ?? [])],
    tags: [...snapshot.tags],
    input: snapshot.input,
    result,
    meta: snapshot.meta,
    error: error === null ? null : { name: error.name, message: error.message, code: error.code },
    failure: isTerminal(state) && !well ? (error?.message ?? `the job was ${state}`) : null,
    attempt: snapshot.attempt,
    attempts: snapshot.attempts,
    createdAt: iso(snapshot.createdAt),
    runAt: iso(snapshot.runAt),
    startedAt: isoOrNull(snapshot.startedAt),
    finishedAt: isoOrNull(snapshot.finishedAt),
  };
}

/** The result of a job that ended well, a flow's with its references resolved; `null` when a member that it needs is gone. */
async function resultOf(job: Job, { role, result }: JobSnapshot, part: FlowPart | undefined): Promise<unknown> {
  if (role !== "flow") return result;
  try {
    return await job.result({ part });
  } catch (error) {
    if (error instanceof JobNotFound || error instanceof Undecodable) return null;
    throw error;
  }
}

async function chainOf(longshore: Longshore, job: JobSnapshot, own: number, view: FlowView): Promise<number> {
  if (job.role === "flow") return own;
  const flow = job.flow === null ? null : await longshore.job(job.flow);
  if (flow === null) return chainPercent(longshore, job, own);
  return (flow instanceof FlowJob ? await flow.progress(view) : await flow.progress())?.percent ?? own;
}

function iso(at: number): string {
  return new Date(at).toISOString();
}

function isoOrNull(at: number | null): string | null {
  return at === null ? null : iso(at);
}
