/** The jobs another one waits for, as users write them: checked, and put in the order in which they are stored. */
import { MOST_DEPENDENCIES, POLICIES, type Dependency, type DependencyPolicy } from "../job/dependency.js";
import { InvalidInput } from "../errors/errors.js";
import { keyOf, type JobRef } from "../job/job.js";
import { parseId, parseName } from "../value/name.js";

/** A job to wait for; with `ifFailed` also what is to happen when it does not succeed. */
export type AfterJob = JobRef | { readonly job: JobRef; readonly ifFailed?: DependencyPolicy };

/** What a job waits for. */
export interface AfterOptions {
  /**
   * Jobs that must have ended before this one runs, in whatever queues: handles, or `{ queue, id }`; up to 1,000. Until then
   * it is `blocked`. A delay counts from the enqueueing all the same.
   */
  after?: readonly AfterJob[];
  /**
   * What happens to it when one of them does not succeed (it failed, was cancelled, expired, superseded or removed):
   * `"fail"`: it fails, with the code `DEPENDENCY_FAILED`; `"cancel"`: it is cancelled; `"continue"`: it runs all the
   * same. Default: `"fail"`. `{ job, ifFailed }` in `after` sets it for one of them.
   */
  ifFailed?: DependencyPolicy;
}

/**
 * Checks what a job waits for.
 * @param self the job, where its id is known already
 * @throws InvalidInput
 */
export function parseAfter(
  { after, ifFailed }: { after?: unknown; ifFailed?: unknown },
  self: JobRef | null,
): Dependency[] {
  const usual = parsePolicy("ifFailed", ifFailed) ?? "fail";
  if (after === undefined) return [];
  if (!Array.isArray(after)) throw new InvalidInput("after", after, "a list of jobs: handles, or {queue, id}");
  if (after.length > MOST_DEPENDENCIES) {
    const rule = `at most ${MOST_DEPENDENCIES} jobs; let some wait for others, and this one for those`;
    throw new InvalidInput("after", `${after.length} jobs`, rule);
  }
  const dependencies = new Map<string, Dependency>();
  for (const [index, one] of after.entries()) {
    const field = `after[${index}]`;
    const dependency = parseJob(field, one, usual);
    const { queue, id } = dependency;
    if (self !== null && self.queue === queue && self.id === id) {
      throw new InvalidInput(field, `${queue}/${id}`, "another job: none can wait for itself");
    }
    const key = keyOf(dependency);
    if (dependencies.has(key)) throw new InvalidInput(field, `${queue}/${id}`, "each job only once");
    dependencies.set(key, dependency);
  }
  return [...dependencies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, dependency]) => dependency);
}

function parseJob(field: string, value: unknown, usual: DependencyPolicy): Dependency {
  if (typeof value !== "object" || value === null) {
    throw new InvalidInput(field, value, "a job: a handle, or {queue, id}; with a policy {job, ifFailed}");
  }
  if (!("job" in value)) return { ...parseRef(field, value), ifFailed: usual };
  const { job, ...rest } = value;
  for (const [key, one] of Object.entries(rest)) {
    if (key !== "ifFailed") throw new InvalidInput(`${field}.${key}`, one, "no such option; known: job, ifFailed");
  }
  const own = "ifFailed" in rest ? rest.ifFailed : undefined;
  return { ...parseRef(`${field}.job`, job), ifFailed: parsePolicy(`${field}.ifFailed`, own) ?? usual };
}

/** Checks the address of a job. @throws InvalidInput */
export function parseRef(field: string, value: unknown): JobRef {
  if (typeof value !== "object" || value === null || !("queue" in value) || !("id" in value)) {
    throw new InvalidInput(field, value, "a job: a handle, or {queue, id}");
  }
  return { queue: parseName(`${field}.queue`, value.queue), id: parseId(`${field}.id`, value.id) };
}

/** Checks `ifFailed`; `null` when it is not given. @throws InvalidInput */
export function parsePolicy(field: string, value: unknown): DependencyPolicy | null {
  if (value === undefined) return null;
  const policy = POLICIES.find((one) => one === value);
  if (policy === undefined) throw new InvalidInput(field, value, `one of ${POLICIES.join(", ")}`);
  return policy;
}
