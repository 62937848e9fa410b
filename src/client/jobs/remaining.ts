/** How long a running job is likely to take still: read from the last jobs of its task that ended well. */
import { JobNotFound } from "../../model/errors/errors.js";
import type { JobRef } from "../../model/job/job.js";
import type { SlimRecord } from "../../model/job/query/fields.js";
import { MOST_PAST_RUNS, remainingOf, type PastRun, type Remaining } from "../../model/job/report/remaining.js";
import type { ConnectionContext } from "../connection/context.js";

/** @throws JobNotFound */
export async function remainingTime(context: ConnectionContext, ref: JobRef): Promise<Remaining | null> {
  const { engine } = context;
  const [job] = await engine.getJobs({ refs: [ref], fields: [] });
  if (job === undefined || job === null) throw new JobNotFound(ref.id);
  const { queue, task, state, startedAt, progress } = job;
  if (state !== "active" || startedAt === null) return null;
  const filter = { queue, task, states: ["completed", "partial"] } as const;
  const { jobs } = await engine.listJobs({ filter, cursor: null, limit: MOST_PAST_RUNS, fields: [] });
  const elapsed = Math.max(0, (await engine.now()) - startedAt);
  return remainingOf({ elapsed, progress }, jobs.flatMap(pastRun));
}

function pastRun({ startedAt, finishedAt, progress }: SlimRecord): PastRun[] {
  if (startedAt === null || finishedAt === null) return [];
  return [{ took: Math.max(0, finishedAt - startedAt), endedAfter: progress?.endedAfter ?? [] }];
}
