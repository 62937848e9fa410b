/** Flows: how one begins, and how it ends with the last of its members. */
import { flowEnd } from "../../../model/job/membership.js";
import type { CommitAnswer, Engine } from "../../contract/engine.js";
import { answerToCommit } from "../../shared/reactions.js";
import { findJob, saveJob, stateOfJob, type Job } from "./job.js";
import { finish } from "./transitions.js";
import type { SqliteQueue } from "./queue.js";
import { dependencyKinds, saveLinks, linksOf, type LinkState } from "./dependencies.js";
import type { Transaction } from "./transaction.js";

/** Begins a flow. */
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
  links.flow = "begun";
  saveLinks(sql, job, links);
  job.expireAt = null;
  completeFlow(transaction, queue, job, links);
  saveJob(sql, job);
  transaction.markPending(queue, job);
  return "committed";
}

/** Ends a flow if its members have all ended. The caller writes the run record back. */
export function completeFlow(transaction: Transaction, queue: SqliteQueue, job: Job, links: LinkState): void {
  if (links.flow === "open" || links.pending > 0) return;
  finish(transaction, queue, job, flowEnd(dependencyKinds(transaction.sql, job.job)));
}
