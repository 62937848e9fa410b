/** The documents of three systems of the requirements, whole: their names of states are in test/model/profile/profiles.ts. */
import { documentProfile } from "longshore";
import { projects, scraping, summaries } from "../../model/profile/profiles.js";

/** S2-26: `jobId, state, progress (number), data{}, result|null, error|null, createdAt, startedAt|null, completedAt|null`. */
export const summaryDocument = documentProfile({
  profile: summaries,
  document: (job, { status }) => ({
    jobId: job.id,
    state: status,
    progress: job.percent,
    data: { ...(job.input as object | null) },
    result: job.result,
    error: job.failure,
    createdAt: job.createdAt,
    startedAt: job.startedAt,
    completedAt: job.finishedAt,
  }),
});

/**
 * S3-18: `{id, status, progress, chain_progress, step, company_url, user_id, created_at, started_at, ended_at (ISO or null), result
 * (only if finished), error (only if failed)}`; S3-19: of an unknown job `{id, error: "Failed to fetch job: …"}`.
 */
export const jobProgress = documentProfile({
  profile: scraping,
  chain: true,
  document: (job, { status, step }) => ({
    id: job.id,
    status,
    progress: job.percent / 100,
    chain_progress: job.chainPercent / 100,
    step: step ?? job.meta["step"] ?? null,
    company_url: job.meta["company_url"] ?? null,
    user_id: job.meta["user_id"] ?? null,
    created_at: job.createdAt,
    started_at: job.startedAt,
    ended_at: job.finishedAt,
    ...(status === "finished" ? { result: job.result } : {}),
    ...(status === "failed" ? { error: job.failure } : {}),
  }),
  missing: (id, reason) => ({ id, error: `Failed to fetch job: ${reason}` }),
});

/** S4-36: `{job_id, status, created_at, completed_at, result{files_created, message}}`. */
export const projectDocument = documentProfile({
  profile: projects,
  document: (job, { status }) => ({
    job_id: job.id,
    status,
    created_at: job.createdAt,
    completed_at: job.finishedAt,
    result: projectResult(job.result, job.failure),
  }),
});

function projectResult(result: unknown, failure: string | null): { files_created: unknown; message: unknown } {
  const { files_created = null, message = failure } = (result ?? {}) as { files_created?: unknown; message?: unknown };
  return { files_created, message };
}
