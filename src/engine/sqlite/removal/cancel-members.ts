/** The first thing about an obliterated queue: its flows that have not ended cancel their members in other queues. */
import { cancelsOf } from "../../shared/reactions.js";
import type { Message } from "../../shared/relay.js";
import { hasStored, leaveMessages } from "../messages/stored-messages.js";
import { STATE } from "../store/job/dependencies.js";
import type { DependencyRecord } from "../../../model/job/dependency.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";
import type { Obliterated } from "./obliterated.js";

/** The jobs, and of flows that have not ended the round in which they wait for their members. */
const JOBS = `SELECT j.job, j.id, CASE WHEN j.linked AND j.finished_at IS NULL
  THEN (SELECT t.round FROM links t WHERE t.job = j.job AND t.flow IS NOT NULL) END FROM jobs j
  WHERE j.queue = ? AND j.id > ? ORDER BY j.id LIMIT ? + 0`;
const MEMBERS = `SELECT queue, id FROM dependencies
  WHERE ${STATE} IS NULL AND job = ? AND (queue < ? OR queue > ?) LIMIT ? + 0`;
const CANCELLED = "UPDATE dependencies SET state = 'cancelled', round = ? WHERE job = ? AND queue = ? AND id = ?";
const SET_AFTER = "UPDATE obliterated SET flows_after = ? WHERE queue = ?";

/** Cancels members, as many as the transaction may; returns whether that was all. */
export function cancelMembers(transaction: Transaction, queue: Obliterated): boolean {
  if (queue.flowsAfter === null) return true;
  const messages: Message[] = [];
  const after = collect(transaction, queue, queue.flowsAfter, messages);
  transaction.sql.run(SET_AFTER, after, queue.number);
  if (after === null && !hasStored(transaction.sql)) {
    transaction.outgoing = messages;
    return true;
  }
  // None is delivered before all are there: the end of one member would reach another before its own message does.
  leaveMessages(transaction, messages);
  return false;
}

/** Adds the messages of flows with ids above `from`; returns where to go on, `null` at the end. */
function collect(
  { sql, left }: Transaction,
  { number, name }: Obliterated,
  from: string,
  messages: Message[],
): string | null {
  let after = from;
  while (left.rows > 0) {
    const asked = left.rows;
    const jobs = sql.all<[job: number, id: string, round: number | null]>(JOBS, number, after, asked);
    for (const [job, id, round] of jobs) {
      if (left.rows <= 0) return after;
      left.rows -= 1;
      if (round !== null) {
        const most = left.rows + 1;
        const members = membersElsewhere(sql, job, name, most);
        for (const member of members) sql.run(CANCELLED, round, job, member.queue, member.id);
        messages.push(...cancelsOf({ queue: name, id }, members));
        left.rows -= members.length;
        if (members.length === most) return after;
      }
      after = id;
    }
    if (jobs.length < asked) return null;
  }
  return after;
}

function membersElsewhere(sql: Sql, job: number, name: string, most: number): DependencyRecord[] {
  return sql
    .all<[queue: string, id: string]>(MEMBERS, job, job, name, name, most)
    .map(([queue, id]) => ({ queue, id, ifFailed: "continue", state: null }));
}
