/** A job that waits for others: how it begins to wait, is released, and waits for them again. */
import { readyState } from "../../../model/job/admission.js";
import { UNLINKED, type JobRef, type JobSpec } from "../../../model/job/job.js";
import type { Job } from "./job/job.js";
import { move } from "./transitions.js";
import type { SqliteQueue } from "./queue/queue.js";
import {
  addDependent,
  addLinks,
  ALONE,
  bodyOf,
  addDependency,
  isAwaitedBy,
  keepBody,
  reopenDependencies,
  saveLinks,
  linksOf,
  type LinkState,
} from "./job/dependencies.js";
import type { Transaction } from "./transaction.js";

/** Has the job links to others? */
export function isLinked({ after, references, flow, role }: JobSpec): boolean {
  return after.length > 0 || references.length > 0 || flow !== null || role !== UNLINKED.role;
}

/** Links a new job to its dependencies, and to its flow. */
export function linkNewJob(transaction: Transaction, queue: SqliteQueue, job: Job, spec: JobSpec): void {
  const { sql } = transaction;
  const { after, flow, role, hold } = spec;
  const links: LinkState = { ...ALONE, flow: role === "flow" ? "open" : null, held: hold };
  for (const dependency of after) addDependency(sql, job, links, dependency, dependency.ifFailed);
  addLinks(sql, job, links);
  keepBody(sql, job, spec);
  if (flow !== null) addDependent(sql, job, flow, links.round);
  if (after.length > 0 || flow !== null) transaction.markPending(queue, job);
}

/** Adds dependencies to a running job, which continues whatever their end. */
export function addDependencies(transaction: Transaction, queue: SqliteQueue, job: Job, refs: readonly JobRef[]): void {
  if (refs.length === 0) return;
  const links = linksOf(transaction.sql, job);
  for (const ref of refs) addDependency(transaction.sql, job, links, ref, "continue");
  saveLinks(transaction.sql, job, links);
  transaction.markPending(queue, job);
}

/** Waits again for dependencies that did not succeed; returns whether the job is blocked by them or by its flow. */
export function reopenAll(transaction: Transaction, queue: SqliteQueue, job: Job, links: LinkState): boolean {
  const { sql } = transaction;
  if (!job.linked) return false;
  const flow = bodyOf(sql, job.job)?.flow ?? null;
  const belongs = flow !== null;
  // A held job joins again: a flow that was missing when it first did has cut the link.
  if (belongs && links.held && !isAwaitedBy(sql, job.job, flow)) addDependent(sql, job, flow, 0);
  // A member of a flow that has not begun must not run before it.
  links.held &&= belongs;
  if (links.depends > 0) reopenDependencies(links);
  if (belongs || links.depends > 0) transaction.markPending(queue, job);
  saveLinks(sql, job, links);
  return links.held || links.pending > 0;
}

/** Releases a held job; it becomes ready unless dependencies are pending. The caller writes the run record back. */
export function releaseHeld(transaction: Transaction, queue: SqliteQueue, job: Job, links: LinkState): void {
  links.held = false;
  if (job.linked) saveLinks(transaction.sql, job, links);
  if (links.pending === 0) makeReady(transaction, queue, job);
  else transaction.markPending(queue, job);
}

/** Moves a blocked job to `delayed` or `queued`, as its time requires. */
export function makeReady(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  const { now } = transaction;
  job.runAt = Math.max(job.runAt, now);
  move(transaction, queue, job, readyState(job.runAt, now), "release");
}
