/** Removing a queue with all that was ever stored about it. */
import { ACTIVE } from "./store/state-codes.js";
import { removalMessages } from "./messages/outbox.js";
import { deliver } from "./messages/mailbox.js";
import { leaveQueue, sessionsIn } from "./commands/sessions.js";
import type { Transaction } from "./store/transaction.js";

/** Tables with rows of a job, and tables with rows of a queue. */
const OF_JOBS = [
  "inputs",
  "attempts",
  "logs",
  "checkpoints",
  "links",
  "link_bodies",
  "dependencies",
  "dependents",
] as const;
const OF_QUEUES = [
  "jobs",
  "unique_keys",
  "latest",
  "superseded",
  "tags",
  "tag_totals",
  "calls",
  "events",
  "schedules",
  "queues",
] as const;

/** Removes a queue; refuses (answers `false`) while jobs run, unless forced. */
export function obliterate(transaction: Transaction, name: string, force: boolean): boolean {
  const { sql } = transaction;
  const queue = transaction.find(name);
  if (queue === null) return true;
  if (!force && queue.standing(ACTIVE) > 0) return false;
  const receipt = removalMessages(sql, queue);
  for (const session of sessionsIn(sql, queue)) leaveQueue(sql, session, queue);
  for (const table of OF_JOBS) {
    sql.run(`DELETE FROM ${table} WHERE job IN (SELECT job FROM jobs WHERE queue = ?)`, queue.number);
  }
  for (const table of OF_QUEUES) sql.run(`DELETE FROM ${table} WHERE queue = ?`, queue.number);
  sql.run("DELETE FROM revoked WHERE queue = ?", name);
  transaction.drop(name);
  transaction.changed(name);
  deliver(transaction, receipt);
  return true;
}
