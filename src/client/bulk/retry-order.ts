/**
 * The order in which many jobs are queued again: each after those it waits for. A job that is retried before would find that they
 * did not succeed, and fail again at once, or run without what they were to give.
 */
import type { Engine } from "../../engine/contract/engine.js";
import { MAX_JOBS_PER_COMMAND } from "../../engine/contract/engine.js";
import { isSuccess } from "../../model/job/dependency.js";
import { matchesFilter, type JobFilter } from "../../model/job/query/filter.js";
import { keyOf } from "../../model/job/job-ref.js";
import type { SlimRecord } from "../../model/job/query/fields.js";
import type { JobRef } from "../../model/job/job.js";
import { levelsOf } from "../../model/value/levels.js";
import { dependenciesOf } from "../jobs/dependencies.js";
import { inCommands, type Retried } from "../jobs/retry-commands.js";

/**
 * The commands that retry these jobs, in order, with the jobs of the filter they wait for, wherever these are listed.
 * @param endedBefore jobs that others wait for and that ended then or later (epoch milliseconds) are left as they ended
 */
export async function inRetryOrder(
  engine: Engine,
  listed: readonly SlimRecord[],
  filter: JobFilter,
  endedBefore = Number.POSITIVE_INFINITY,
): Promise<JobRef[][]> {
  const isRetried = (record: SlimRecord): boolean =>
    matchesFilter(record, filter) && (record.finishedAt ?? 0) < endedBefore;
  const retried = await withDependencies(engine, listed, isRetried);
  const { levels, circular } = levelsOf([...retried.values()], ({ waitsFor }) =>
    waitsFor.flatMap((ref) => retried.get(keyOf(ref)) ?? []),
  );
  return inCommands([...levels.flat(), ...circular]);
}

/** The jobs, and those they wait for and that are retried, too, and so on: only their addresses are kept. */
async function withDependencies(
  engine: Engine,
  listed: readonly SlimRecord[],
  isRetried: (record: SlimRecord) => boolean,
): Promise<Map<string, Retried>> {
  const retried = new Map<string, Retried>();
  const seen = new Set(listed.map(keyOf));
  let unread: JobRef[] = [];
  let page = listed;
  while (page.length > 0) {
    for (const job of await describe(engine, page)) {
      retried.set(keyOf(job.ref), job);
      unread.push(...job.waitsFor.filter((ref) => !seen.has(keyOf(ref))));
      for (const ref of job.waitsFor) seen.add(keyOf(ref));
    }
    page = [];
    while (page.length === 0 && unread.length > 0) {
      const refs = unread.slice(0, MAX_JOBS_PER_COMMAND);
      unread = unread.slice(MAX_JOBS_PER_COMMAND);
      const records = await engine.getJobs({ refs, fields: [] });
      page = records.filter((record) => record !== null).filter(isRetried);
    }
  }
  return retried;
}

/** What each of them waits for. */
async function describe(engine: Engine, records: readonly SlimRecord[]): Promise<Retried[]> {
  const dependencies = await dependenciesOf(engine, records.filter(mayWait));
  return records.map(({ queue, id }) => {
    const waitsFor = dependencies.get(keyOf({ queue, id })) ?? [];
    return { ref: { queue, id }, waitsFor: waitsFor.filter(({ state }) => state === null || !isSuccess(state)) };
  });
}

/** Only a flow, a job that was enqueued after others, and one that ran, and may have spawned some, can wait for any. */
function mayWait({ role, after, lastWorker }: SlimRecord): boolean {
  return role === "flow" || after.length > 0 || lastWorker !== null;
}
