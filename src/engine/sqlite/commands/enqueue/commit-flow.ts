/**
 * Starting a flow, when all its members have joined. Only now it takes the place of the job that it supersedes: a creation that
 * was never complete leaves that alone.
 */
import type { CommitAnswer, Engine } from "../../../contract/engine.js";
import { answerToCommit } from "../../../shared/reactions.js";
import { linksOf, saveLinks } from "../../store/job/dependencies.js";
import { completeFlow } from "../../store/flow.js";
import { findJob, saveJob, stateOfJob, type Job } from "../../store/job/job.js";
import type { SqliteQueue } from "../../store/queue/queue.js";
import type { Transaction } from "../../store/transaction.js";
import { finish } from "../../store/transitions.js";
import { claimKey, liveOwner } from "./enqueue.js";
import { makeLatest, predecessor, supersede } from "./supersede.js";

/** Starts a flow. */
export function commitFlow(
  transaction: Transaction,
  { queue: name, id, members }: Parameters<Engine["commitFlow"]>[0],
): CommitAnswer {
  const { sql } = transaction;
  const queue = transaction.find(name);
  const job = queue === null ? null : findJob(sql, queue.number, id);
  if (queue === null || job === null) return "missing";
  const links = linksOf(sql, job);
  const answer = answerToCommit({ state: stateOfJob(job), flow: links.flow, dependencies: links.depends }, members);
  if (answer !== "begins") return answer;
  job.expireAt = null;
  if (!takePlace(transaction, queue, job)) {
    finish(transaction, queue, job, "cancelled", "cancel");
    saveJob(sql, job);
    return "ended";
  }
  links.flow = "begun";
  saveLinks(sql, job, links);
  completeFlow(transaction, queue, job, links);
  saveJob(sql, job);
  transaction.markPending(queue, job);
  return "committed";
}

/**
 * Supersedes the job before a flow, and takes the unique key that this one had. Returns false, and changes nothing, when another
 * job has taken the key meanwhile.
 */
function takePlace(transaction: Transaction, queue: SqliteQueue, flow: Job): boolean {
  const { uniqueKey, supersedes } = flow;
  if (supersedes === null) return true;
  const { sql } = transaction;
  // Whether it still owns its key is read from its row.
  saveJob(sql, flow);
  const owner = uniqueKey === null ? null : liveOwner(transaction, queue, uniqueKey);
  const before = predecessor(sql, queue, supersedes);
  if (owner !== null && owner.job !== flow.job && owner.job !== before?.job) return false;
  if (before !== null) supersede(transaction, queue, before);
  makeLatest(sql, queue, supersedes, flow);
  if (uniqueKey !== null && owner?.job !== flow.job) claimKey(transaction, queue, flow);
  return true;
}
