/** Jobs of any tasks, asked for together: checked one by one, so that an error says which of them is wrong. */
import { checkOptions } from "../../model/value/call-options.js";
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

/** How jobs are asked for together. */
export interface EnqueueAllOptions {
  /**
   * A text that stands for this call, up to 256 characters without a slash, where it may be made again, perhaps by another process: jobs with ids of
   * your own that it made before are answered as `created` again, and those that another call made as `existing`.
   */
  readonly nonce?: string;
}

const NONCE = /^[^/]{1,256}$/su;

/** Checks the options of a call. @throws InvalidInput */
export function parseNonce(options: EnqueueAllOptions): string | undefined {
  checkOptions(options, ["nonce"]);
  const { nonce } = options;
  if (nonce === undefined || (typeof nonce === "string" && NONCE.test(nonce))) return nonce;
  throw new InvalidInput("nonce", nonce, "1 to 256 characters without a slash");
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
export async function specsOf(
  maker: SpecMaker,
  requests: readonly JobRequest[],
  nonce: string | undefined,
): Promise<JobSpec[]> {
  const specs: JobSpec[] = [];
  for (const [index, { task, input, options }] of requests.entries()) {
    try {
      checkTask(task);
      const spec = await maker.make(task, input, options);
      // An id that was made here is proof enough.
      specs.push(nonce === undefined || spec.nonce === null ? spec : { ...spec, nonce });
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
