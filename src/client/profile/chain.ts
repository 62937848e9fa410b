/**
 * How far a chain of jobs is: a job with all that it waits for. The percent of a last job alone would say nothing while the jobs
 * before it run.
 */
import { isSuccess, type DependencyEnd } from "../../model/job/dependency.js";
import { JobNotFound } from "../../model/errors/errors.js";
import { keyOf, type JobRef } from "../../model/job/job.js";
import type { Longshore } from "../longshore.js";

/** The most jobs that are looked at. */
const MOST_JOBS = 100;

/** The percent of the chain that ends with this job, which has not ended well and is at `own` percent itself. */
export async function chainPercent(longshore: Longshore, last: JobRef, own: number): Promise<number> {
  const seen = new Set([keyOf(last)]);
  let sum = own;
  let ring: readonly JobRef[] = [last];
  while (ring.length > 0) {
    const found = await Promise.all(ring.map(({ queue, id }) => longshore.queue(queue).job(id).dependencies()));
    const next = new Map(found.flat().map((dependency) => [keyOf(dependency), dependency]));
    const fresh = [...next].filter(([key]) => !seen.has(key)).slice(0, MOST_JOBS - seen.size);
    for (const [key] of fresh) seen.add(key);
    const percents = await Promise.all(fresh.map(([, { state, ...ref }]) => percentOf(longshore, ref, state)));
    sum = percents.reduce((total, percent) => total + percent, sum);
    ring = fresh.map(([, dependency]) => dependency);
  }
  return Math.floor(sum / seen.size);
}

async function percentOf(longshore: Longshore, { queue, id }: JobRef, end: DependencyEnd | null): Promise<number> {
  if (end !== null && isSuccess(end)) return 100;
  try {
    return (await longshore.queue(queue).job(id).progress())?.percent ?? 0;
  } catch (error) {
    if (error instanceof JobNotFound) return 0;
    throw error;
  }
}
