/**
 * Links between jobs: dependencies, dependents, members of flows. Both ends store a link: the dependent how each dependency
 * ended, the dependency which dependents retention keeps it for.
 */
import { readyState } from "../../../model/job/admission.js";
import {
  isSuccess,
  type DependencyEnd,
  type DependencyPolicy,
  type DependencyRecord,
} from "../../../model/job/dependency.js";
import { keyOf, type JobRef, bareRef } from "../../../model/job/job-ref.js";
import {
  MOST_LINKS,
  nextPlace,
  type DependenciesQuery,
  type DependencyLink,
  type DependencyPage,
} from "../../contract/dependencies.js";
import type { Dependent } from "../../shared/reactions.js";
import { markPending, move } from "./transitions.js";
import type { MemoryJob } from "./job.js";
import type { MemoryQueue } from "./store.js";

/** Links a new job to its dependencies, and to its flow. */
export function linkNewJob(queue: MemoryQueue, job: MemoryJob): void {
  const { after, flow } = job.spec;
  for (const dependency of after) addDependency(queue, job, dependency, dependency.ifFailed);
  if (flow !== null) addDependent(queue, job, flow, 0);
  if (after.length > 0 || flow !== null) markPending(queue, job.id);
}

/** Adds a dependency, unless the job has it already. */
export function addDependency(queue: MemoryQueue, job: MemoryJob, ref: JobRef, on: DependencyPolicy): void {
  const dependencies = dependenciesOf(queue, job.id);
  if (dependencies.has(keyOf(ref))) return;
  dependencies.set(keyOf(ref), { ...bareRef(ref), ifFailed: on, state: null });
  job.pendingDependencies += 1;
}

/** Records how a dependency ended. */
export function endDependency(queue: MemoryQueue, job: MemoryJob, ref: JobRef, state: DependencyEnd): void {
  setEnd(queue, job, ref, state);
  job.pendingDependencies -= 1;
}

/** Waits again for a dependency that had ended. */
export function reopenDependency(queue: MemoryQueue, job: MemoryJob, ref: JobRef): void {
  setEnd(queue, job, ref, null);
  job.pendingDependencies += 1;
}

function setEnd(queue: MemoryQueue, { id }: MemoryJob, ref: JobRef, state: DependencyEnd | null): void {
  const dependencies = queue.dependencies.get(id);
  const known = dependencies?.get(keyOf(ref));
  if (known !== undefined) dependencies?.set(keyOf(ref), { ...known, state });
}

/** Are there dependencies to wait for again? */
export function willWait(queue: MemoryQueue, { id }: MemoryJob): boolean {
  return listDependencies(queue, id).some(({ state }) => state === null || !isSuccess(state));
}

/** Waits again for dependencies that did not succeed; the job's flow waits for the job again. */
export function reopenDependencies(queue: MemoryQueue, job: MemoryJob): void {
  const { flow } = job.spec;
  if (flow !== null) {
    // A held job joins again: a flow that was missing when it first did has cut the link.
    if (job.held && !isAwaitedBy(queue, job, flow)) addDependent(queue, job, flow, 0);
    markPending(queue, job.id);
  }
  const dependencies = queue.dependencies.get(job.id);
  if (dependencies === undefined) return;
  job.pendingDependencies = 0;
  for (const dependency of dependencies.values()) {
    if (dependency.state !== null && isSuccess(dependency.state)) continue;
    reopenDependency(queue, job, dependency);
  }
  job.round += 1;
  markPending(queue, job.id);
}

/** The dependencies of a job. */
export function listDependencies(queue: MemoryQueue | undefined, id: string): DependencyRecord[] {
  return sorted([...(queue?.dependencies.get(id)?.values() ?? [])]);
}

/** The dependencies of many jobs, a page of them. */
export function pageOfDependencies(
  queue: MemoryQueue | undefined,
  { ids, from }: Omit<DependenciesQuery, "queue">,
): DependencyPage {
  const first = from?.of ?? 0;
  const links: DependencyLink[] = [];
  for (let of = first; of < ids.length && links.length < MOST_LINKS; of += 1) {
    const all = listDependencies(queue, ids[of] ?? "");
    const after = from !== null && of === first ? keyOf(from.after) : "";
    const rest = all.filter((dependency) => keyOf(dependency) > after).slice(0, MOST_LINKS - links.length);
    links.push(...rest.map((dependency) => ({ ...dependency, of })));
  }
  return { links, next: nextPlace(links) };
}

/** The dependents of a job. */
export function listDependents(queue: MemoryQueue | undefined, id: string): JobRef[] {
  return sorted([...(queue?.dependents.get(id)?.values() ?? [])].map(({ ref }) => ref));
}

export function isAwaitedBy(queue: MemoryQueue, { id }: MemoryJob, dependent: JobRef): boolean {
  return queue.dependents.get(id)?.has(keyOf(dependent)) ?? false;
}

/** Releases a held job; it becomes ready unless dependencies are pending. */
export function releaseHeld(queue: MemoryQueue, job: MemoryJob, now: number): void {
  job.held = false;
  if (job.pendingDependencies === 0) makeReady(queue, job, now);
  else markPending(queue, job.id);
}

/** Moves a blocked job to `delayed` or `queued`, as its time requires. */
export function makeReady(queue: MemoryQueue, job: MemoryJob, now: number): void {
  job.runAt = Math.max(job.runAt, now);
  move(queue, job, readyState(job.runAt, now), "release", now);
}

/** Adds a dependent, or changes the round in which it waits. */
export function addDependent(queue: MemoryQueue, { id }: MemoryJob, ref: JobRef, round: number): void {
  let dependents = queue.dependents.get(id);
  if (dependents === undefined) queue.dependents.set(id, (dependents = new Map()));
  dependents.set(keyOf(ref), { ref: bareRef(ref), round });
}

/** Removes a dependent. */
export function removeDependent(queue: MemoryQueue, { id }: MemoryJob, ref: JobRef): void {
  const dependents = queue.dependents.get(id);
  dependents?.delete(keyOf(ref));
  if (dependents?.size === 0) queue.dependents.delete(id);
}

function dependenciesOf(queue: MemoryQueue, id: string): Map<string, DependencyRecord> {
  let found = queue.dependencies.get(id);
  if (found === undefined) queue.dependencies.set(id, (found = new Map()));
  return found;
}

export function sortedDependents(queue: MemoryQueue, id: string): Dependent[] {
  return [...(queue.dependents.get(id)?.values() ?? [])].toSorted((a, b) => (keyOf(a.ref) < keyOf(b.ref) ? -1 : 1));
}

function sorted<Ref extends JobRef>(refs: Ref[]): Ref[] {
  return refs.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
