/** Looks up the jobs and flows that commands name by id. */
import type { FlowJob } from "../../client/jobs/flow-job.js";
import type { Job } from "../../client/jobs/job.js";
import type { Longshore } from "../../client/longshore.js";
import { InvalidInput, JobNotFound } from "../../model/errors/errors.js";

/** The job with an id, in a queue or in any; a `FlowJob` when it is a flow. @throws JobNotFound, InvalidInput */
export async function findJob(longshore: Longshore, id: string, queue: string | undefined): Promise<Job> {
  const job = await longshore.job(queue === undefined ? id : { queue, id });
  if (job === null) throw new JobNotFound(id);
  return job;
}

/** The flow with an id, or the flow of the job with this id. @throws JobNotFound, InvalidInput */
export async function findFlow(longshore: Longshore, id: string, queue: string | undefined): Promise<FlowJob> {
  const { role, flow, ...job } = await (await findJob(longshore, id, queue)).refresh();
  const ref = role === "flow" ? { queue: job.queue, id: job.id } : flow;
  if (ref === null) throw new InvalidInput("id", id, "the id of a flow, or of a job that belongs to one");
  const found = await longshore.flow({ queue: ref.queue, id: ref.id });
  if (found === null) throw new JobNotFound(ref.id);
  return found;
}
