/** Reads the dependencies of a job that have ended, with their results. */
import { decodePayload } from "../../model/value/codec.js";
import { isSuccess } from "../../model/job/dependency.js";
import type { JobServices } from "../run/job-services.js";
import type { EndedDependency } from "../../define/spawn.js";

/** The ended dependencies of the run's job. */
export async function readDependencies(services: JobServices): Promise<readonly EndedDependency[]> {
  const ended = (await services.dependencies()).flatMap(({ state, ...link }) =>
    state === null ? [] : [{ ...link, state }],
  );
  const jobs = ended.length === 0 ? [] : await services.relatedJobs(ended);
  return ended.map(({ queue, id, ifFailed, state }, index) => {
    const job = jobs[index] ?? null;
    const result = job !== null && isSuccess(job.state) ? job.result : null;
    return {
      queue,
      id,
      ifFailed,
      state,
      task: job?.task ?? null,
      result: result === null ? null : decodePayload(result),
      error: state === "failed" ? (job?.error ?? null) : null,
    };
  });
}
