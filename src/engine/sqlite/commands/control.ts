/** Commands on one job: release, cancel, retry, promote, update, remove. */
import { isTerminal, sources, type Cause } from "../../../model/job/state.js";
import type { ControlAnswer, ControlParams, JobPatch } from "../../contract/engine.js";
import { hasOperation, withOperation } from "../../shared/operations.js";
import { planRetry } from "../../shared/retry.js";
import { dropCheckpoints } from "../store/checkpoint.js";
import { endCancelled } from "./run/settle.js";
import { reopenAll, releaseHeld } from "../store/dependent.js";
import { completeFlow } from "../store/flow.js";
import { findJob, saveJob, stateOfJob, type Job } from "../store/job/job.js";
import { dropNotice, forget, move, recordLastRun, reinsert, tag, untag } from "../store/transitions.js";
import { claimKey, liveOwner, replaceInput, retime } from "./enqueue/enqueue.js";
import type { SqliteQueue } from "../store/queue/queue.js";
import { isLatest } from "./enqueue/supersede.js";
import { tracesOf } from "../store/traces.js";
import { isMember, linksOf } from "../store/job/dependencies.js";
import type { Transaction } from "../store/transaction.js";

/** A command, known by `op`: changes the job, and returns the outcome. */
export type Command = (
  transaction: Transaction,
  queue: SqliteQueue,
  job: Job,
  op: string,
) => ControlAnswer["outcome"] | "removed";

/** Runs a command on jobs, once per `op` on each. */
export function control(transaction: Transaction, { refs, op }: ControlParams, command: Command): ControlAnswer[] {
  return refs.map((ref) => {
    const queue = transaction.find(ref.queue);
    if (queue === null) return { outcome: "missing", state: null };
    transaction.changed(ref.queue);
    const trace = tracesOf(transaction, queue, [ref.id]).get(ref.id);
    if (trace !== undefined && hasOperation(trace.operations, op)) return { outcome: "applied", state: null };
    const job = findJob(transaction.sql, queue.number, ref.id);
    return job === null ? { outcome: "missing", state: null } : runOnce(transaction, queue, job, op, command);
  });
}

function runOnce(transaction: Transaction, queue: SqliteQueue, job: Job, op: string, command: Command): ControlAnswer {
  if (hasOperation(job.op, op)) return { outcome: "applied", state: stateOfJob(job) };
  const outcome = command(transaction, queue, job, op);
  if (outcome === "removed") return { outcome: "applied", state: null };
  if (outcome === "applied") {
    job.op = withOperation(job.op, op);
    saveJob(transaction.sql, job);
  }
  const owner = outcome === "conflict" ? ownerOf(transaction, queue, job) : null;
  return { outcome, state: stateOfJob(job), ...owner };
}

export const release: Command = (transaction, queue, job) => {
  const links = linksOf(transaction.sql, job);
  // Only its flow releases a member.
  if (!isFrom(job, "release") || !links.held || isMember(transaction.sql, job)) return "wrong-state";
  releaseHeld(transaction, queue, job, links);
  return "applied";
};

export const cancel: Command = (transaction, queue, job) => {
  if (!isFrom(job, "cancel")) return "wrong-state";
  endCancelled(transaction, queue, job);
  return "applied";
};

const BEGIN_ANEW = `UPDATE jobs SET result = NULL, failures = NULL, progress = CASE WHEN ? THEN progress END
  WHERE job = ?`;

/**
 * The command that queues an ended job again: from the start, or with the checkpoints of its runs; with another input always from
 * the start, since they belong to the former one.
 */
export function retry(fromStart: boolean, input?: string): Command {
  return (transaction, queue, job) => {
    const { sql } = transaction;
    const links = linksOf(sql, job);
    const { supersedes } = job;
    const plan = planRetry(
      {
        state: stateOfJob(job),
        flow: links.flow,
        uniqueUntil: job.uniqueUntil,
        supersedes,
        willWait: () => links.pending + links.unsuccessful > 0,
        isKeyTaken: () => ownerOf(transaction, queue, job) !== null,
        isLatest: () => supersedes !== null && isLatest(sql, queue, supersedes, job),
      },
      fromStart || input !== undefined,
    );
    if (typeof plan === "string") return plan;
    if (plan.claimsKey) claimKey(transaction, queue, job);
    recordLastRun(transaction, job);
    dropNotice(sql, job);
    if (plan.dropsCheckpoints && job.checkpointed) {
      dropCheckpoints(transaction, job);
      job.checkpointed = false;
    }
    if (input !== undefined) replaceInput(transaction, job, input);
    job.counted = 0;
    job.crashes = 0;
    job.startedAt = null;
    job.finishedAt = null;
    job.runAt = transaction.now;
    sql.run(BEGIN_ANEW, job.checkpointed ? 1 : 0, job.job);
    const waits = reopenAll(transaction, queue, job, links);
    const isFlow = links.flow !== null;
    move(transaction, queue, job, isFlow || waits ? "blocked" : "queued", "retry");
    if (isFlow) completeFlow(transaction, queue, job, links);
    return "applied";
  };
}

/** Which other job owns the key that it holds until its end. */
function ownerOf(
  transaction: Transaction,
  queue: SqliteQueue,
  { job, uniqueKey, uniqueUntil }: Job,
): { readonly owner: string } | null {
  const owner = uniqueKey === null || uniqueUntil !== "finished" ? null : liveOwner(transaction, queue, uniqueKey);
  return owner === null || owner.job === job ? null : { owner: owner.id };
}

export const promote: Command = (transaction, queue, job) => {
  if (!isFrom(job, "promote")) return "wrong-state";
  job.runAt = transaction.now;
  move(transaction, queue, job, "queued", "promote");
  return "applied";
};

export const remove: Command = (transaction, queue, job, op) => {
  const state = stateOfJob(job);
  const isFlow = linksOf(transaction.sql, job).flow !== null;
  if (state === "active" || (isFlow && !isTerminal(state))) return "wrong-state";
  forget(transaction, queue, job, op);
  return "removed";
};

/** The command that applies a patch. */
export function update(patch: JobPatch): Command {
  return (transaction, queue, job) => {
    const state = stateOfJob(job);
    if (state === "active" || isTerminal(state)) return "wrong-state";
    const moved = patch.priority !== undefined && patch.priority !== job.priority;
    if (patch.input !== undefined) {
      replaceInput(transaction, job, patch.input);
      job.checkpointed = false;
    }
    if (patch.tags !== undefined) retag(transaction, queue, job, patch.tags);
    job.priority = patch.priority ?? job.priority;
    if (patch.due !== undefined && retime(transaction, queue, job, patch.due)) return "applied";
    // A delayed or held job has no place in the priority order yet; a queued one goes last among those of its new priority.
    if (moved && state === "queued") reinsert(queue, job);
    return "applied";
  };
}

function retag(transaction: Transaction, queue: SqliteQueue, job: Job, tags: readonly string[]): void {
  const state = stateOfJob(job);
  for (const name of untag(transaction, queue, job)) queue.tally(name, state, -1);
  job.tags = tags.length === 0 ? null : JSON.stringify(tags);
  for (const name of tag(transaction, queue, job)) queue.tally(name, state, 1);
}

function isFrom(job: Job, cause: Cause): boolean {
  return sources(cause).includes(stateOfJob(job));
}
