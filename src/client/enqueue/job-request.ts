/** Jobs of any tasks, asked for together: checked one by one, so that an error says which of them is wrong. */
import { InvalidInput } from "../../model/errors/errors.js";
import type { JobSpec } from "../../model/job/job.js";
import type { AnyTask } from "../../define/task.js";
import { checkTask, type EnqueueOptions, type SpecMaker } from "./job-spec.js";

/** A job to enqueue. */
export interface JobRequest {
  /** The task, or its name where it is not at hand: nothing is known of its input then. */
  readonly task: AnyTask | string;
  readonly input?: unknown;
  readonly options?: EnqueueOptions | undefined;
}

const FIELDS = ["task", "input", "options"];

/** Checks the shape of requests. @throws InvalidInput */
export function parseRequests(jobs: unknown): readonly JobRequest[] {
  if (!Array.isArray(jobs)) throw new InvalidInput("jobs", jobs, "a list of {task, input?, options?}");
  for (const [index, job] of jobs.entries()) {
    const field = `jobs[${index}]`;
    if (typeof job !== "object" || job === null || Array.isArray(job)) {
      throw new InvalidInput(field, job, "{task, input?, options?}");
    }
    for (const [name, value] of Object.entries(job)) {
      if (!FIELDS.includes(name)) throw new InvalidInput(`${field}.${name}`, value, `one of ${FIELDS.join(", ")}`);
    }
  }
  return [...(jobs as readonly JobRequest[])];
}

/** The specs of all of them. @throws InvalidInput, PayloadTooLarge for the first that is wrong */
export async function specsOf(maker: SpecMaker, requests: readonly JobRequest[]): Promise<JobSpec[]> {
  const specs: JobSpec[] = [];
  for (const [index, { task, input, options }] of requests.entries()) {
    try {
      checkTask(task);
      specs.push(await maker.make(task, input, options));
    } catch (error) {
      throw error instanceof InvalidInput ? placed(error).within(`jobs[${index}]`) : error;
    }
  }
  return specs;
}

/** An error of an option, which the caller gave within the options. */
function placed(error: InvalidInput): InvalidInput {
  return /^(?:task|input|options)\b/.test(error.field) ? error : error.within("options");
}
