/**
 * Obliterates a queue. Its row goes at once, and with it its name, its jobs and its leases, as everything is found by the name.
 * What it had is removed in slices, by this process right after and by any sweep if that dies; other processes write in
 * between.
 */
import { forgetInterest } from "../store/interest.js";
import { NO_QUEUE } from "../store/remains.js";
import { codeOf, SECONDARY, ACTIVE } from "../store/queue/state-codes.js";
import { cancelMembers } from "./cancel-members.js";
import { removeJobs } from "./remove-jobs.js";
import { removeRest } from "./remove-rest.js";
import type { Obliterated } from "./obliterated.js";
import type { Sql } from "../database/sql.js";
import type { Transaction } from "../store/transaction.js";

const MARK = "INSERT OR REPLACE INTO obliterated (queue, name, flows_after) VALUES (?, ?, ?)";
const BLOCKED = [codeOf("blocked"), codeOf("blocked") + SECONDARY];

/** Obliterates a queue; refuses (answers `false`) while jobs run, unless forced. */
export function obliterate(transaction: Transaction, name: string, force: boolean): boolean {
  const { sql } = transaction;
  const queue = transaction.find(name);
  if (queue !== null) {
    if (!force && queue.jobsWith(ACTIVE) > 0) return false;
    // A flow that has not ended is blocked.
    const hasFlows = BLOCKED.some((code) => queue.jobsWith(code) > 0);
    sql.run(MARK, queue.number, name, hasFlows ? "" : null);
    sql.run("DELETE FROM queues WHERE queue = ?", queue.number);
    sql.run("DELETE FROM revoked WHERE queue = ?", name);
    transaction.drop(name);
    transaction.changed(name);
  }
  forgetInterest(transaction, name);
  removeObliterated(transaction);
  return true;
}

type ObliteratedRow = [queue: number, name: string, flowsAfter: string | null];

// What is left of single jobs comes last, so that it does not hide a queue that is cancelling members.
const FIRST = `SELECT queue, name, flows_after FROM obliterated ORDER BY queue = ${NO_QUEUE}, queue LIMIT 1`;

/** Removes rows of obliterated queues, as many as the transaction may. */
export function removeObliterated(transaction: Transaction): void {
  const { sql } = transaction;
  for (let row = sql.all<ObliteratedRow>(FIRST)[0]; row !== undefined; row = sql.all<ObliteratedRow>(FIRST)[0]) {
    const [number, name, flowsAfter] = row;
    const queue: Obliterated = { number, name, flowsAfter };
    // Each is done before the next begins: members are cancelled while it is known who they are.
    const isDone =
      cancelMembers(transaction, queue) && removeJobs(transaction, queue) && removeRest(transaction, queue);
    if (!isDone) {
      transaction.leave();
      return;
    }
    sql.run("DELETE FROM obliterated WHERE queue = ?", number);
  }
}

/** Is there an obliterated queue with rows left? */
export function hasObliterated(sql: Sql): boolean {
  return sql.all(FIRST).length > 0;
}

/** Are the messages of the next one to its flows' members being written? Until all are, none is delivered. */
export function isCancelling(sql: Sql): boolean {
  const [queue] = sql.all<ObliteratedRow>(FIRST);
  return queue !== undefined && queue[2] !== null;
}
