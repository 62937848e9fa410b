/**
 * Links between jobs: dependencies, dependents, members of flows. Both ends store a link: the dependent how each dependency
 * ended, the dependency which dependents retention keeps it for.
 */
import { isSuccess, type DependencyPolicy, type DependencyRecord } from "../../../model/job/dependency.js";
import type { JobRef } from "../../../model/job/job.js";
import { isTerminal } from "../../../model/job/state.js";
import { markPending, move, unretain } from "./transitions.js";
import type { MemoryJob } from "./job.js";
import type { MemoryQueue } from "./store.js";

/** The key of a link in the maps of its queue. */
export function refKey({ queue, id }: JobRef): string {
  return `${queue}\0${id}`;
}

/** Links a new job to its dependencies, and to its flow. */
export function linkNewJob(queue: MemoryQueue, job: MemoryJob): void {
  const { after, flow } = job.spec;
  for (const dependency of after) addDependency(queue, job, dependency, dependency.ifFailed);
  if (flow !== null) dependentsOf(queue, job.id).set(refKey(flow), { ref: bare(flow), round: 0 });
  if (after.length > 0 || flow !== null) markPending(queue, job.id);
}

/** Adds a dependency, unless the job has it already. */
export function addDependency(queue: MemoryQueue, job: MemoryJob, ref: JobRef, on: DependencyPolicy): void {
  const dependencies = dependenciesOf(queue, job.id);
  if (dependencies.has(refKey(ref))) return;
  dependencies.set(refKey(ref), { ...bare(ref), ifFailed: on, state: null });
  job.pendingDependencies += 1;
}

/** Waits again for a dependency that had ended. */
export function reopenDependency(queue: MemoryQueue, job: MemoryJob, dependency: DependencyRecord): void {
  dependenciesOf(queue, job.id).set(refKey(dependency), { ...dependency, state: null });
  job.pendingDependencies += 1;
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
    if (job.held && !isAwaitedBy(queue, job, flow))
      dependentsOf(queue, job.id).set(refKey(flow), { ref: bare(flow), round: 0 });
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

/** The dependents of a job. */
export function listDependents(queue: MemoryQueue | undefined, id: string): JobRef[] {
  return sorted([...(queue?.dependents.get(id)?.values() ?? [])].map(({ ref }) => ref));
}

export function isAwaitedBy(queue: MemoryQueue, { id }: MemoryJob, dependent: JobRef): boolean {
  return queue.dependents.get(id)?.has(refKey(dependent)) ?? false;
}

/** Releases a held job; it becomes ready unless dependencies are pending. */
export function releaseHeld(queue: MemoryQueue, job: MemoryJob, now: number): void {
  job.held = false;
  if (job.pendingDependencies === 0) makeReady(queue, job, now);
  else markPending(queue, job.id);
}

/** Moves a blocked job to `delayed` or `queued`, as its time requires. */
export function makeReady(queue: MemoryQueue, job: MemoryJob, now: number): void {
  const later = job.runAt > now;
  if (!later) job.runAt = now;
  move(queue, job, later ? "delayed" : "queued", "release", now);
}

/** Removes a dependent; after the last one, the job is left to retention. */
export function removeDependent(queue: MemoryQueue, job: MemoryJob, from: JobRef): void {
  const dependents = queue.dependents.get(job.id);
  if (dependents?.delete(refKey(from)) !== true || dependents.size > 0) return;
  queue.dependents.delete(job.id);
  if (isTerminal(job.state) && !job.open) unretain(queue, job);
}

export function dependenciesOf(queue: MemoryQueue, id: string): Map<string, DependencyRecord> {
  let found = queue.dependencies.get(id);
  if (found === undefined) queue.dependencies.set(id, (found = new Map()));
  return found;
}

export function dependentsOf(queue: MemoryQueue, id: string): Map<string, { ref: JobRef; round: number }> {
  let found = queue.dependents.get(id);
  if (found === undefined) queue.dependents.set(id, (found = new Map()));
  return found;
}

export function sortedDependents(queue: MemoryQueue, id: string): { ref: JobRef; round: number }[] {
  return [...(queue.dependents.get(id)?.values() ?? [])].toSorted((a, b) => (refKey(a.ref) < refKey(b.ref) ? -1 : 1));
}

function sorted<Ref extends JobRef>(refs: Ref[]): Ref[] {
  return refs.toSorted((a, b) => (refKey(a) < refKey(b) ? -1 : 1));
}

export function bare({ queue, id }: JobRef): JobRef {
  return { queue, id };
}
