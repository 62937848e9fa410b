/** What a job does about the messages it gets from those it is linked to; see relay.ts. */
import { isTerminal } from "../../../model/job/state.js";
import type { JobRef } from "../../../model/job/job.js";
import { answerForMissing, type Message } from "../../shared/relay.js";
import { endCancelled } from "../commands/settle.js";
import { onDependencyEnded, releaseHeld } from "../store/dependent.js";
import { onMemberJoined } from "../store/flow.js";
import { findJob, saveJob, stateOfJob, type Job } from "../store/job.js";
import { forget, retain, unretain } from "../store/transitions.js";
import type { SqliteQueue } from "../store/queue.js";
import type { Sql } from "../database/sql.js";
import { addDependent, isAwaitedBy, isRetained, removeDependent, saveLinks, linksOf } from "../store/dependencies.js";
import type { Transaction } from "../store/transaction.js";

/** A job gets a message; answers what it answers. */
export function receive(transaction: Transaction, queue: SqliteQueue | null, message: Message): Message[] {
  const { sql } = transaction;
  const { to, from } = message;
  const job = queue === null ? null : findJob(sql, queue.number, to.id);
  if (queue === null || job === null) return answerForMissing(message);
  switch (message.kind) {
    case "link":
      return onDependent(sql, queue, job, message);
    case "go":
      startMember(transaction, queue, job);
      return onDependent(sql, queue, job, message);
    case "unlink":
      onDependentGone(sql, queue, job, from);
      return [];
    case "end":
      return onDependencyEnded(transaction, queue, job, message);
    case "join":
      return onMemberJoined(transaction, job, message);
    case "cancel":
      if (isTerminal(stateOfJob(job))) return [];
      endCancelled(transaction, queue, job);
      saveJob(sql, job);
      return [];
    case "drop":
      // Another job may have come to its id.
      if (stateOfJob(job) !== "active" && isAwaitedBy(sql, job.job, from)) forget(transaction, queue, job);
      return [];
  }
}

/** The flow of this job has begun. */
function startMember(transaction: Transaction, queue: SqliteQueue, job: Job): void {
  const links = linksOf(transaction.sql, job);
  if (!links.held) return;
  if (stateOfJob(job) === "blocked") {
    releaseHeld(transaction, queue, job, links);
    saveJob(transaction.sql, job);
  } else {
    saveLinks(transaction.sql, job, { ...links, held: false });
  }
}

/** Somebody waits for this job. */
function onDependent(
  sql: Sql,
  queue: SqliteQueue,
  job: Job,
  { to, from, round }: Extract<Message, { kind: "link" | "go" }>,
): Message[] {
  const state = stateOfJob(job);
  if (!job.linked) saveLinks(sql, job, linksOf(sql, job));
  addDependent(sql, job, from, round);
  if (!isTerminal(state)) return [];
  retain(queue, job);
  saveJob(sql, job);
  return [{ kind: "end", to: from, from: to, state, round }];
}

/** A dependent is gone; when it was the last, retention may have the job. */
function onDependentGone(sql: Sql, queue: SqliteQueue, job: Job, from: JobRef): void {
  if (!removeDependent(sql, job, from) || isRetained(sql, job) || !isTerminal(stateOfJob(job))) return;
  if (linksOf(sql, job).flow === "open") return;
  unretain(queue, job);
  saveJob(sql, job);
}
