/** Reads how other jobs ended, with results and errors: those that a run spawned, and those that its job waited for. */
import { MAX_JOBS_PER_COMMAND } from "../../engine/contract/engine.js";
import { decodePayload } from "../../model/value/codec.js";
import {
  DEPENDENCY_FAILED,
  dependencyMessage,
  isSuccess,
  type DependencyEnd,
  type DependencyRecord,
} from "../../model/job/dependency.js";
import { InvalidInput } from "../../model/errors/errors.js";
import { plainFailure, type Failure } from "../../model/failure/failure.js";
import { DEPENDENCY_GONE, goneMessage } from "../../model/flow/dependency-errors.js";
import type { JobRef } from "../../model/job/job.js";
import { isTerminal } from "../../model/job/state.js";
import { runsAgain, type JobServices, type RelatedJob } from "../run/job-services.js";
import type { EndedDependency } from "../../define/spawn.js";
import type { ItemResults } from "../../define/step.js";

/** An item and its job. */
export interface SpawnedItem {
  readonly item: unknown;
  readonly input: unknown;
  readonly key: string;
  readonly id: string;
  /** The name of its job in the flow, without its parent's. */
  readonly node: string;
}

/** How many of the items' jobs have not ended. @throws InvalidInput when a job is not a dependency of the run's job */
export function countUnfinished(
  queue: string,
  items: readonly SpawnedItem[],
  ends: readonly DependencyRecord[],
): number {
  const states = new Map(ends.filter((end) => end.queue === queue).map(({ id, state }) => [id, state]));
  return items.filter(({ id, key }) => {
    const state = states.get(id);
    if (state !== undefined) return state === null;
    throw new InvalidInput("inputs", key, "a key of the run that made the jobs: make keys and inputs in a step");
  }).length;
}

/** The results of the items' jobs, all of which have ended. @throws Snooze when one of them runs again */
export async function collectResults(
  services: JobServices,
  queue: string,
  items: readonly SpawnedItem[],
): Promise<ItemResults<unknown, unknown>> {
  const results: ItemResults<unknown, unknown> = { values: [], errors: [] };
  for (let from = 0; from < items.length; from += MAX_JOBS_PER_COMMAND) {
    const part = items.slice(from, from + MAX_JOBS_PER_COMMAND);
    const jobs = await services.relatedJobs(part.map(({ id }) => ({ queue, id })));
    for (const [index, { item, key, id }] of part.entries()) {
      const job = jobs[index] ?? null;
      const error = failureOf({ queue, id }, job);
      if (error === null) results.values.push(decodePayload(job?.result ?? "null"));
      else results.errors.push({ item, key, error: { ...error, stack: null, cause: null } });
    }
  }
  return results;
}

/** The error of an ended job; `null` when it succeeded. */
function failureOf(ref: JobRef, job: RelatedJob | null): Failure | null {
  if (job === null) return plainFailure("DependencyGone", goneMessage(ref), DEPENDENCY_GONE);
  const { state, error } = job;
  if (!isTerminal(state)) throw runsAgain(ref);
  if (isSuccess(state)) return null;
  // A cancelled job may still have the error of an earlier attempt: do not use that one.
  return state === "failed" && error !== null ? error : endedAs(ref, state);
}

function endedAs(ref: JobRef, state: DependencyEnd): Failure {
  return plainFailure("DependencyFailed", dependencyMessage(ref, state), DEPENDENCY_FAILED);
}

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
