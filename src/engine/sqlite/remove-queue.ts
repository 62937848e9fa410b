/** Removes a queue with every row about it, in one transaction. */
import { TABLES } from "./database/schema.js";
import { ACTIVE } from "./store/state-codes.js";
import { removalMessages } from "./messages/outbox.js";
import { deliver } from "./messages/mailbox.js";
import { leaveQueue, sessionsIn } from "./commands/sessions.js";
import type { Transaction } from "./store/transaction.js";

/** Removes a queue; refuses (answers `false`) while jobs run, unless forced. */
export function obliterate(transaction: Transaction, name: string, force: boolean): boolean {
  const { sql } = transaction;
  const queue = transaction.find(name);
  if (queue === null) return true;
  if (!force && queue.jobsWith(ACTIVE) > 0) return false;
  const receipt = removalMessages(sql, queue);
  for (const session of sessionsIn(sql, queue)) leaveQueue(sql, session, queue);
  for (const table of [...TABLES.ofJobs, ...TABLES.ofLinks, ...TABLES.ofLinksToOthers]) {
    sql.run(`DELETE FROM ${table} WHERE job IN (SELECT job FROM jobs WHERE queue = ?)`, queue.number);
  }
  for (const table of TABLES.ofQueues) sql.run(`DELETE FROM ${table} WHERE queue = ?`, queue.number);
  sql.run("DELETE FROM revoked WHERE queue = ?", name);
  transaction.drop(name);
  transaction.changed(name);
  deliver(transaction, receipt);
  return true;
}
