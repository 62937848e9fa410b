/** From the id in a path to the job, within what a token may see. */
import type { Longshore } from "../../../client/longshore.js";
import type { FlowView } from "../../../client/jobs/flow-job.js";
import type { Job, JobRetryOptions } from "../../../client/jobs/job.js";
import type { JobQuery } from "../../../client/jobs/job-filter.js";
import type { JobRef } from "../../../model/job/job.js";
import { JobNotFound, UniqueConflict } from "../../../model/errors/errors.js";
import type { JobState } from "../../../model/job/state.js";
import type { Access } from "../../http/access.js";
import { Problem } from "../../http/problem.js";
import type { ServerParts } from "../../http/parts.js";

/**
 * A handle on the job of a request; that of a flow is a `FlowJob`. A job of another tenant is not there.
 * @throws Problem 409 when several queues have the id and none is chosen; JobNotFound
 */
export async function findJob(
  { longshore }: ServerParts,
  access: Access,
  { id }: { readonly id: string },
  { queue }: { readonly queue?: string | undefined },
): Promise<Job> {
  const ref = queue === undefined ? onlyRef(await refsWithin(longshore, access, id), id) : { queue, id };
  const job = await longshore.job(ref);
  if (job === null) throw new JobNotFound(id);
  if (access.tag !== null) requireTag(access, id, (await job.refresh()).tags);
  return job;
}

/** @throws JobNotFound when the access is for another tag */
export function requireTag(access: Access, id: string, tags: readonly string[]): void {
  if (access.tag !== null && !tags.includes(access.tag)) throw new JobNotFound(id);
}

/**
 * A filter within what the access may see.
 * @throws Problem 403 for a search in the text of errors as it is stored: part by part it would tell what answers leave out
 */
export function narrowed(access: Access, query: JobQuery): JobQuery {
  if (query.errorText !== undefined) requireStoredTexts(access, "errorText");
  if (query.not?.errorText !== undefined) requireStoredTexts(access, "not.errorText");
  return access.tag === null ? query : { ...query, tags: [...(query.tags ?? []), access.tag] };
}

/**
 * Queues a job again. A job that has its unique key meanwhile is named only where the access may see it.
 * @throws what `job.retry` throws; Problem 409 in place of a `UniqueConflict` that names another tenant's job
 */
export async function retryWithin<Result>(
  longshore: Longshore,
  access: Access,
  job: Job<Result>,
  options?: JobRetryOptions,
): Promise<JobState> {
  try {
    return await job.retry(options);
  } catch (error) {
    if (!(error instanceof UniqueConflict)) throw error;
    const owner = { queue: job.queue, id: error.owner };
    if ((await seenAmong(longshore, access, [owner])).length > 0) throw error;
    throw new Problem(409, "UNIQUE_CONFLICT", "unique.key belongs to another job", {
      members: { field: "unique.key" },
    });
  }
}

function requireStoredTexts(access: Access, field: string): void {
  if (access.allows("read:payload")) return;
  const detail = `${field} looks into errors as they are stored, secrets and all: it needs the scope read:payload`;
  throw new Problem(403, "SCOPE_MISSING", detail, { members: { scope: "read:payload", field } });
}

/** Of a flow: those of its jobs that the access may see. */
export function viewWithin({ tag }: Access): FlowView {
  return tag === null ? {} : { tag };
}

/** Those of some jobs that the access may see; of one that is gone only someone who may see all knows. */
export async function seenAmong<Ref extends JobRef>(
  longshore: Longshore,
  { tag }: Access,
  refs: readonly Ref[],
): Promise<Ref[]> {
  if (tag === null || refs.length === 0) return [...refs];
  const jobs = await longshore.snapshots(refs.map(({ queue, id }) => ({ queue, id })));
  return refs.filter((_, index) => jobs[index]?.tags.includes(tag) === true);
}

/** The jobs of an id that the access may see: another tenant's of the same id hides none of them. */
async function refsWithin(longshore: Longshore, access: Access, id: string): Promise<readonly JobRef[]> {
  const refs = await longshore.jobsWithId(id);
  return refs.length < 2 ? refs : seenAmong(longshore, access, refs);
}

function onlyRef(refs: readonly JobRef[], id: string): JobRef {
  const [first, second] = refs;
  if (first === undefined) throw new JobNotFound(id);
  if (second === undefined) return first;
  const jobs = refs.map((ref) => ({ queue: ref.queue, jobId: ref.id }));
  throw new Problem(
    409,
    "AMBIGUOUS_JOB",
    `${refs.length} queues have a job with the id ${id}: choose one with ?queue=`,
    {
      members: { field: "queue", jobs },
    },
  );
}
