/** A job that waits for others: how it begins to, what it does when one of them has ended, how it waits for them again. */
import {
  DEPENDENCY_FAILED,
  dependencyMessage,
  isSuccess,
  type DependencyEnd,
  type DependencyPolicy,
} from "../../../model/job/dependency.js";
import { plainFailure } from "../../../model/failure/failure.js";
import { UNTIED, type JobRef, type JobSpec } from "../../../model/job/job.js";
import type { Message } from "../../shared/relay.js";
import { gather } from "./flow.js";
import { saveJob, stateOfJob, type Job } from "./job.js";
import { finish, move, recordFailure } from "./transitions.js";
import type { SqliteQueue } from "./queue.js";
import {
  addDependent,
  addTies,
  ALONE,
  depend,
  dependency,
  endDependency,
  isMember,
  keepBody,
  reopenDependencies,
  saveTies,
  tiesOf,
  type JobTies,
} from "./dependencies.js";
import type { Transaction } from "./transaction.js";

/** Does the spec tie its job to others? */
export function isTied({ after, references, flow, role }: JobSpec): boolean {
  return after.length > 0 || references.length > 0 || flow !== null || role !== UNTIED.role;
}

/** Ties a new job to what it depends on, and to its flow. */
export function tie(transaction: Transaction, queue: SqliteQueue, job: Job, spec: JobSpec): void {
  const { sql } = transaction;
  const { after, flow, role, hold } = spec;
  const ties: JobTies = { ...ALONE, flow: role === "flow" ? "open" : null, held: hold };
  for (const dependency of after) depend(sql, job, ties, dependency, dependency.ifFailed);
  addTies(sql, job, ties);
  keepBody(sql, job, spec);
  if (flow !== null) addDependent(sql, job, flow, ties.round);
  if (after.length > 0 || flow !== null) transaction.haveNews(queue, job);
}

/** Lets a running job depend on others, whatever their end. */
export function dependMore(transaction: Transaction, queue: SqliteQueue, job: Job, refs: readonly JobRef[]): void {
  if (refs.length === 0) return;
  const ties = tiesOf(transaction.sql, job);
  for (const ref of refs) depend(transaction.sql, job, ties, ref, "continue");
  saveTies(transaction.sql, job, ties);
  transaction.haveNews(queue, job);
}

/** Looks again at dependencies that did not succeed; answers whether the job waits for them, or its flow, anew. */
export function dependAgain(transaction: Transaction, queue: SqliteQueue, job: Job, ties: JobTies): boolean {
  const { sql } = transaction;
  if (!job.tied) return false;
  const belongs = isMember(sql, job);
  // A member of a flow that has not begun must not run before that.
  ties.held &&= belongs;
  if (ties.depends > 0) {
    ties.waiting = reopenDependencies(sql, job);
    ties.round += 1;
  }
  if (belongs || ties.depends > 0) transaction.haveNews(queue, job);
  saveTies(sql, job, ties);
  return ties.held || ties.waiting > 0;
}

/** Lets a held job go; it is ready unless it waits for others. Whoever asked writes its run record back. */
export function letGo(transaction: Transaction, queue: SqliteQueue, job: Job, ties: JobTies): void {
  ties.held = false;
  if (job.tied) saveTies(transaction.sql, job, ties);
  if (ties.waiting === 0) ready(transaction, queue, job);
  else transaction.haveNews(queue, job);
}

/** Puts a blocked job where its time says. */
function ready({ now }: Transaction, queue: SqliteQueue, job: Job): void {
  const later = job.runAt > now;
  if (!later) job.runAt = now;
  move(queue, job, later ? "delayed" : "queued");
}

/** A dependency has ended. One of which the job knows nothing, as it ended before it joined, need not be kept for it. */
export function hearEnd(
  transaction: Transaction,
  queue: SqliteQueue,
  job: Job,
  { to, from, state, round }: Extract<Message, { kind: "end" }>,
): Message[] {
  const { sql } = transaction;
  const known = dependency(sql, job, from);
  if (known === null) return [{ kind: "unlink", to: from, from: to }];
  const ties = tiesOf(sql, job);
  if (known.state !== null || round !== ties.round) return [];
  endDependency(sql, job, from, state);
  ties.waiting -= 1;
  saveTies(sql, job, ties);
  if (stateOfJob(job) === "blocked") goOn(transaction, queue, job, ties, from, state, known.ifFailed);
  return [];
}

/** What becomes of a blocked job when a dependency has ended. */
function goOn(
  transaction: Transaction,
  queue: SqliteQueue,
  job: Job,
  ties: JobTies,
  from: JobRef,
  state: DependencyEnd,
  ifFailed: DependencyPolicy,
): void {
  const fails = !isSuccess(state) && ifFailed !== "continue";
  if (fails && ifFailed === "fail") {
    const failure = plainFailure("DependencyFailed", dependencyMessage(from, state), DEPENDENCY_FAILED);
    recordFailure(transaction, job, failure);
  }
  if (ties.flow !== null) gather(transaction, queue, job, ties);
  else if (fails) finish(transaction, queue, job, ifFailed === "fail" ? "failed" : "cancelled");
  else if (!ties.held && ties.waiting === 0) ready(transaction, queue, job);
  saveJob(transaction.sql, job);
}
