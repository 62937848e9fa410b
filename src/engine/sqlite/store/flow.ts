/** Flows: how one begins, gets its members, and ends with the last of them. */
import { isSuccess } from "../../../model/job/dependency.js";
import { flowEnd, MOST_MEMBERS } from "../../../model/job/membership.js";
import type { CommitAnswer, Engine } from "../../contract/engine.js";
import type { Message } from "../../shared/relay.js";
import { findJob, saveJob, stateOfJob, type Job } from "./job.js";
import { finish } from "./transitions.js";
import type { SqliteQueue } from "./queue.js";
import {
  addDependency,
  dependenciesOf,
  dependency,
  reopenDependency,
  saveLinks,
  linksOf,
  type LinkState,
} from "./dependencies.js";
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
  if (links.flow === null) return "missing";
  if (links.flow === "begun") return "committed";
  if (stateOfJob(job) !== "blocked") return "ended";
  if (links.depends < members) return "incomplete";
  links.flow = "begun";
  saveLinks(sql, job, links);
  job.expireAt = null;
  completeFlow(transaction, queue, job, links);
  saveJob(sql, job);
  transaction.markPending(queue, job);
  return "committed";
}

/**
 * A flow gets a member, or is asked by one that it has already. One that comes when the flow has ended is cancelled, and a
 * member all the same: a retry of the flow must find it.
 */
export function onMemberJoined(
  { sql }: Transaction,
  job: Job,
  { to, from, ifFailed, held }: Extract<Message, { kind: "join" }>,
): Message[] {
  const cancelled: Message = { kind: "cancel", to: from, from: to };
  const links = linksOf(sql, job);
  const hasEnded = stateOfJob(job) !== "blocked";
  if (links.flow === null || (hasEnded && links.flow === "open")) return [cancelled];
  const known = dependency(sql, job, from);
  if (known === null && links.depends >= MOST_MEMBERS) return [cancelled];
  addDependency(sql, job, links, from, ifFailed);
  const end = known?.state ?? null;
  // It ended, and was retried since: it is waited for again.
  const again = !hasEnded && end !== null && (links.flow === "open" || !isSuccess(end));
  if (again) reopenDependency(sql, job, links, from);
  saveLinks(sql, job, links);
  // What has an end for a flow that has ended may have been retried before the flow is.
  const late = hasEnded && end === null;
  // A new one may have ended before this arrived.
  const goes = links.flow !== "open" && (late || known === null || again || held);
  const go: Message = { kind: "go", to: from, from: to, round: links.generation };
  return [...(late ? [cancelled] : []), ...(goes ? [go] : [])];
}

/** Ends a flow if its members have all ended. Whoever asked writes its run record back. */
export function completeFlow(transaction: Transaction, queue: SqliteQueue, job: Job, links: LinkState): void {
  if (links.flow === "open" || links.pending > 0) return;
  finish(transaction, queue, job, flowEnd(dependenciesOf(transaction.sql, job.job)));
}
