/** Flows: how one begins, gets its members, and ends with the last of them. */
import { flowEnd, MOST_MEMBERS } from "../../model/flow.js";
import type { CommitAnswer, Engine } from "../contract.js";
import type { Message } from "../delivery.js";
import { findJob, saveJob, stateOfJob, type Job } from "./job.js";
import { finish } from "./moves.js";
import type { SqliteQueue } from "./queue.js";
import { depend, dependenciesOf, dependency, reopenDependency, saveTies, tiesOf, type JobTies } from "./ties.js";
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
  const ties = tiesOf(sql, job);
  if (ties.flow === null) return "missing";
  if (ties.flow === "begun") return "committed";
  if (stateOfJob(job) !== "blocked") return "ended";
  if (ties.depends < members) return "incomplete";
  ties.flow = "begun";
  saveTies(sql, job, ties);
  job.expireAt = null;
  gather(transaction, queue, job, ties);
  saveJob(sql, job);
  transaction.haveNews(queue, job);
  return "committed";
}

/** A flow gets a member, or is asked by one that it has already. */
export function beJoined(
  { sql }: Transaction,
  job: Job,
  { to, from, on, held }: Extract<Message, { kind: "join" }>,
): Message[] {
  const refused: Message[] = [{ kind: "cancel", to: from, from: to }];
  const ties = tiesOf(sql, job);
  if (ties.flow === null) return refused;
  const known = dependency(sql, job, from);
  // What has ended for a flow that began may have been retried before the flow is.
  const hasEnded = known !== null && known.state !== null;
  if (stateOfJob(job) !== "blocked" && (ties.flow === "open" || !hasEnded)) return refused;
  if (known === null && ties.depends >= MOST_MEMBERS) return refused;
  depend(sql, job, ties, from, on);
  // It ended, and was retried, before the flow began.
  if (ties.flow === "open" && hasEnded) reopenDependency(sql, job, ties, from);
  saveTies(sql, job, ties);
  if (ties.flow === "open") return [];
  // A new one may have ended before this arrived.
  return known === null || held ? [{ kind: "go", to: from, from: to, round: ties.round }] : [];
}

/** Ends a flow if its members have all ended. Whoever asked writes its run record back. */
export function gather(transaction: Transaction, queue: SqliteQueue, job: Job, ties: JobTies): void {
  if (ties.flow === "open" || ties.waiting > 0) return;
  finish(transaction, queue, job, flowEnd(dependenciesOf(transaction.sql, job.job)));
}
