/**
 * How a session closes. It has ended at once, so nothing is accepted from it any more; the jobs that it holds are handed back
 * some at a time, by this process right after and by any sweep if that dies.
 */
import type { Sql } from "../database/sql.js";
import type { SqliteQueue } from "../store/queue/queue.js";
import type { Transaction } from "../store/transaction.js";
import { lastHeld, leaveQueue } from "./workers/sessions.js";
import { handBack } from "./run/settle.js";

const MARK = "INSERT INTO closing (queue, session) VALUES (?, ?)";
const UNMARK = "DELETE FROM closing WHERE queue = ? AND session = ?";
// Those of an obliterated queue go with it.
const FIRST = "SELECT q.name, c.session FROM closing c CROSS JOIN queues q ON q.queue = c.queue LIMIT 1";

/** Ends a session in one queue: its jobs return to the head of their priority, uncounted. */
export function closeIn(transaction: Transaction, session: string, name: string): void {
  const { sql } = transaction;
  const queue = transaction.find(name);
  if (queue === null || !leaveQueue(sql, session, queue)) return;
  transaction.changed(name);
  if (handBackSome(transaction, queue, session)) return;
  sql.run(MARK, queue.number, session);
  transaction.leave();
}

/** Hands back jobs of sessions that have closed, as many as the transaction may. */
export function continueClosing(transaction: Transaction): void {
  const { sql } = transaction;
  for (let next = firstClosing(sql); next !== null; next = firstClosing(sql)) {
    const queue = transaction.queue(next.name);
    transaction.changed(next.name);
    if (!handBackSome(transaction, queue, next.session)) {
      transaction.leave();
      return;
    }
    sql.run(UNMARK, queue.number, next.session);
  }
}

/** Is there a session that has closed and whose jobs are not all handed back? */
export function hasClosing(sql: Sql): boolean {
  return firstClosing(sql) !== null;
}

function firstClosing(sql: Sql): { readonly name: string; readonly session: string } | null {
  const [row] = sql.all<[name: string, session: string]>(FIRST);
  return row === undefined ? null : { name: row[0], session: row[1] };
}

/** Hands back as many as the transaction may; returns whether those were all. */
function handBackSome(transaction: Transaction, queue: SqliteQueue, session: string): boolean {
  const { sql, left } = transaction;
  // In reverse, so that the first one ends up at the head. One more shows whether there are others.
  const held = lastHeld(sql, queue, session, left.jobs + 1);
  const now = held.slice(0, left.jobs);
  for (const job of now) handBack(transaction, queue, job);
  left.jobs -= now.length;
  return now.length === held.length;
}
